import { describe, expect, it } from 'vitest'
import { nameless } from '../../src/android/connections.js'
import { helloOf } from '../../src/android/hellos.js'
import { parseReleaseRange, type Release } from '../../src/android/releases.js'
import { checks, findingsOf, runChecks } from '../../src/checks/registry.js'
import type { Attempt, Examination, Seen } from '../../src/examine/examination.js'
import { examineServed } from '../../src/examine/served.js'
import { settingsOf } from '../../src/examine/settings.js'
import type { Asked } from '../../src/farm/asked.js'
import type { ServedSubject, UnresolvedName } from '../../src/farm/subject.js'
import { alertName } from '../../src/tls/code-points.js'
import type { HelloShape, Observation, ProbeOutcome } from '../../src/tls/observation.js'
import {
  entriesOf,
  examinedFarm,
  makeLeaf,
  now,
  observationOf,
  parsed,
  soundPki,
} from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

/** What connections came to: handshakes that phones do not get through, and what hellos without a name reveal. One long table of small
 * worlds: rows are worth more side by side than in files of a length. */

const { root, intermediate, leaf } = soundPki()
const chain = [leaf.der, intermediate.der]
const releases = parseReleaseRange('10..')

const answered = (changes: Partial<Observation> = {}, list: readonly Uint8Array[] = chain): ProbeOutcome => ({
  kind: 'observed',
  observation: observationOf(list, {
    protocol: 'TLS 1.3',
    protocolVersion: 0x0304,
    cipherSuite: { code: 0x1301, name: 'TLS_AES_128_GCM_SHA256' },
    keyExchange: 'tls13',
    ...changes,
  }),
})
const alert = (code: number, observation: Observation | null = null): ProbeOutcome => ({
  kind: 'alert',
  phase: observation ? 'key-proof' : 'server-hello',
  alert: { code, name: alertName(code) },
  observation,
})
const reset: ProbeOutcome = { kind: 'reset', phase: 'client-hello', observation: null }
const silence: ProbeOutcome = {
  kind: 'timed-out',
  phase: 'server-hello',
  timeoutMs: 10_000,
  observation: null,
}

const hello = (release: Release): HelloShape => helloOf(release).shape
const attempt = (release: Release, outcome: ProbeOutcome): Attempt => ({
  offer: hello(release),
  nth: 0,
  outcome,
})
const withoutName = (outcome: ProbeOutcome): Attempt => ({ offer: nameless(hello('17')), nth: 0, outcome })
/** The hellos of 10 to 13, 14 to 16 and 17, answered alike. */
const all = (outcome: ProbeOutcome) =>
  (['10', '14', '17'] as const).map((release) => attempt(release, outcome))

const sound = examinedFarm({ servers: [{ sent: [leaf, intermediate] }], anchors: [root], releases: '10..' })
const soundSeen = sound.examinations[0] as Seen

const asked: Asked = {
  target: 'sts.contoso.com',
  servers: [],
  port: null,
  family: null,
  android: null,
  trustAnchors: [{ path: 'root.cer', certificates: [{ certificate: parsed(root), from: 'root.cer' }] }],
  deviceCas: [],
  remembered: [],
  intermediates: [],
  at: null,
  offline: true,
  aiaAllowPrivate: false,
  warn: null,
  crit: null,
  timeoutMs: null,
  repeat: 0,
  proxy: null,
}
const settings = settingsOf(asked, { releases, others: [] }, now)
const { subject } = soundSeen
const examined = (attempts: readonly Attempt[]): Examination =>
  examineServed(subject as ServedSubject, attempts, settings)

function found(attempts: readonly Attempt[], changes: object = {}) {
  const examination = examined(attempts)
  const farm = { ...sound, examinations: [{ ...examination, ...changes }] } as typeof sound
  return told(farm)
}

function told(farm: typeof sound) {
  const findings = findingsOf(runChecks(farm))
  const summary = findings.map(({ id, severity, releases: whom }) =>
    [severity, id, ...(whom.length === releases.length ? ['all'] : whom)].join(' '),
  )
  const advice = findings.map((one) =>
    one.advice.map(({ action }) => ('at' in action ? action.at.kind : action.verb)),
  )
  return { summary, says: findings.map(({ words }) => plainWords(words, farm)), advice, findings }
}

describe('a server that cannot be looked at', () => {
  it.each<[string, ProbeOutcome, RegExp, string]>([
    [
      'nothing listens',
      { kind: 'unreachable', reason: 'refused', detail: '' },
      /nothing listens on this port, so nothing is known/,
      'services',
    ],
    ['no route', { kind: 'unreachable', reason: 'no-route', detail: '' }, /no route from here/, 'run-again'],
    [
      'something else',
      { kind: 'unreachable', reason: 'other', detail: 'EMFILE' },
      /failed \(EMFILE\)/,
      'firewall',
    ],
    [
      'a proxy that refuses',
      { kind: 'proxy-failed', detail: '407' },
      /The proxy did not connect \(407\)/,
      'firewall',
    ],
    [
      'packets swallowed',
      { kind: 'timed-out', phase: 'connect', timeoutMs: 10_000, observation: null },
      /No whole answer came within 10 s while waiting for the TCP connection/,
      'firewall',
    ],
    ['silence', silence, /^The port is open but answers nothing for 10 s, so nothing/, 'services'],
    [
      'a reset',
      reset,
      /The connection was reset as soon as TLS began, as Windows does for a name/,
      'bindings',
    ],
    [
      'plain HTTP',
      { kind: 'not-tls', looksLike: 'http', detail: 'HTTP/1.1 400' },
      /plain HTTP, not TLS: no certificate is bound/,
      'device-at-address',
    ],
    [
      'no TLS',
      { kind: 'not-tls', looksLike: 'other', detail: 'SSH-2.0\u001b[2J' },
      /does not speak TLS \(SSH-2\.0\u001b\[2J\)/,
      'run-again',
    ],
    [
      'records without end',
      { kind: 'limit-exceeded', limit: 'maxRecords', maximum: 4_096, actual: 4_097 },
      /maxRecords: at most 4096, here 4097/,
      'device-at-address',
    ],
    [
      'nonsense',
      { kind: 'protocol-error', phase: 'server-hello', detail: 'bad length', observation: null },
      /breaks the TLS protocol .*\(bad length\)/,
      'device-at-address',
    ],
  ])('%s', (_what, outcome, says, first) => {
    const { summary, says: sentences, advice } = found(all(outcome))
    expect(summary).toEqual(['warning could-not-connect'])
    expect(sentences[0]).toMatch(says)
    expect(advice[0]![0]).toBe(first)
  })

  it.each<[UnresolvedName['reason'], RegExp, string]>([
    ['not-found', /nosuch\.invalid does not exist in the DNS that was asked \(detail\), so nothing/, 'dns'],
    ['no-address-of-family', /no address of the family asked for/, 'dns'],
    ['timed-out', /DNS did not answer/, 'dns'],
    ['too-many-addresses', /more addresses than are looked at .*others were left out/, 'name-nodes'],
    ['not-recorded', /recorded case does not hold/, 'run-again'],
    ['failed', /could not be resolved/, 'dns'],
  ])('a name: %s', (reason, says, first) => {
    const unresolved = [{ host: 'nosuch.invalid', reason, detail: 'detail' }]
    const {
      summary,
      says: sentences,
      advice,
    } = told({
      ...sound,
      examinations: [],
      farm: { ...sound.farm, unresolved },
    })
    expect(summary).toEqual(['warning could-not-connect'])
    expect(sentences[0]).toMatch(says)
    expect(advice[0]![0]).toBe(first)
  })
})

describe('a definite alert to every hello is the fault of the server, not of the look', () => {
  it.each<[number, RegExp, string]>([
    [
      40,
      /Android 10-17 cannot connect, whatever the certificates are: the server answers these phones with the alert handshake_failure\.$/,
      'tls-settings',
    ],
    [112, /the server does not know the name that was asked for/, 'bindings'],
    [120, /the server wants another application protocol \(ALPN\) than http\/1\.1/, 'device-at-address'],
    [116, /the server demands a client certificate/, 'client-certificate-binding'],
  ])('alert %i', (code, says, first) => {
    const { summary, says: sentences, advice } = found([...all(alert(code)), withoutName(alert(code))])
    expect(summary).toEqual(['critical handshake-refused-to-release all'])
    expect(sentences[0]).toMatch(says)
    expect(advice[0]![0]).toBe(first)
  })

  it('holds where no examination saw a list', () => {
    const attempts = all(alert(40))
    const unseen = { kind: 'unseen', subject: soundSeen.subject, attempts, outcome: alert(40) } as const
    expect(told({ ...sound, examinations: [unseen] }).summary).toEqual([
      'critical handshake-refused-to-release all',
    ])
  })

  it('close_notify decides nothing', () => {
    expect(found(all(alert(0))).summary).toEqual(['warning verdict-undetermined all'])
  })

  it('is told with its certificates where they came first', () => {
    const { says } = found(all(alert(80, observationOf(chain))))
    expect(says[0]).toMatch(/the alert internal_error after its certificates/)
  })
})

describe('releases with different reasons', () => {
  it('get a finding each', () => {
    const { summary, says, findings } = found([
      attempt('10', alert(112)),
      attempt('14', alert(40)),
      attempt('17', answered()),
    ])
    expect(summary).toEqual([
      'critical handshake-refused-to-release 10 11 12 12L 13',
      'critical handshake-refused-to-release 14 15 16',
    ])
    expect(says[0]).toMatch(/^Android 10-13 cannot .*does not know the name/)
    expect(says[1]).not.toMatch(/name/)
    expect(new Set(findings.map(({ key }) => key)).size).toBe(2)
  })

  it('name the parameter that differs, in full', () => {
    const older = answered({ protocolVersion: 0x0302, protocol: 'TLS 1.1' })
    const { says } = found([attempt('10', older), attempt('14', alert(70)), attempt('17', alert(70))])
    expect(says[0]).toBe(
      'Android 14-17 cannot connect, whatever the certificates are: the server uses TLS 1.1, which these phones do not offer.',
    )
  })
})

describe('what is not known', () => {
  it('is one finding, with each reason and its releases', () => {
    const { summary, says } = found([attempt('10', silence), attempt('14', reset), attempt('17', answered())])
    expect(summary).toEqual(['warning verdict-undetermined 10 11 12 12L 13 14 15 16'])
    expect(says[0]).toMatch(
      /^Not known for Android 10-13 \(when its hello was sent: the port is open but answers nothing.*\) and Android 14-16 \(when its hello was sent: the connection was reset/,
    )
  })

  it('does not say that a hello was sent that was not', () => {
    const { says } = found([attempt('10', answered())])
    expect(says[0]).toMatch(/^Not known for Android 17 \(its hello was not sent/)
    expect(says[0]).not.toMatch(/broke|reset|when its hello/)
  })

  it('gives the judge’s own words', () => {
    const [one] = soundSeen.verdicts
    const verdict = {
      kind: 'undetermined',
      release: one!.release,
      because: 'its root is known by hash only',
    } as const
    const { says } = found(all(answered()), {
      verdicts: [{ ...one!, verdict }, ...soundSeen.verdicts.slice(1)],
    })
    expect(says[0]).toBe('Not known for Android 10 (its root is known by hash only).')
  })
})

describe('a list longer than phones read', () => {
  it('is refused by every phone', () => {
    const limit = { limit: 'maxCertificateBytes', maximum: 102_400, actual: 1_000_000 }
    const { summary, says } = found(all({ kind: 'limit-exceeded', ...limit }))
    expect(summary).toEqual(['critical certificate-list-too-large all'])
    expect(says[0]).toMatch(/1000000 bytes; Android 10-17 reads at most 102400/)
  })
})

describe('the proof of the key', () => {
  const wrong = answered({ keyProof: { kind: 'failed', detail: 'bad signature' } })

  it('is missed by every phone', () => {
    const { summary, says } = found(all(wrong))
    expect(summary).toEqual(['critical key-not-proven all'])
    expect(says[0]).toMatch(/signs .* with a key that is not that of .*; Android 10-17 ends the handshake/)
  })

  it('cannot be seen with RSA key exchange', () => {
    const unsigned = answered({
      keyExchange: 'rsa',
      protocolVersion: 0x0303,
      keyProof: { kind: 'not-provable', detail: '' },
    })
    const { summary } = found(all(unsigned))
    expect(summary.filter((one) => one.startsWith('info'))).toEqual(['info key-not-proven'])
  })

  it('is not blamed on RSA key exchange where the server merely stalled', () => {
    const stalled: ProbeOutcome = {
      kind: 'timed-out',
      phase: 'key-proof',
      timeoutMs: 10_000,
      observation: observationOf(chain, { keyProof: { kind: 'not-provable', detail: '' } }),
    }
    expect(found(all(stalled)).summary).toEqual(['warning verdict-undetermined all'])
  })

  it('is left to leaf-not-first where an authority stands in front', () => {
    const keyProof = { kind: 'failed', detail: 'bad signature' } as const
    const { summary } = found(all(answered({ keyProof }, [intermediate.der, leaf.der])))
    expect(summary).toEqual(['critical leaf-not-first all'])
  })
})

describe('without a server name', () => {
  const other = makeLeaf(root, { subject: 'old', names: ['old.contoso.com'] })

  it.each<[string, ProbeOutcome, RegExp | null]>([
    ['a reset', reset, /ends \(reset\), with it the server answers\. That is normal/],
    ['an alert', alert(112), /ends \(alert unrecognized_name\)/],
    ['silence says nothing', silence, null],
  ])('%s', (_what, outcome, says) => {
    const { summary, says: sentences } = found([...all(answered()), withoutName(outcome)])
    expect(summary).toEqual(says ? ['info sni-required'] : [])
    if (says) expect(sentences[0]).toMatch(says)
  })

  it('the name is not the reason where the same hello with it fared the same', () => {
    const attempts = [attempt('10', answered()), attempt('14', alert(40)), attempt('17', alert(40))]
    expect(found([...attempts, withoutName(alert(40))]).summary).not.toContain('info sni-required')
  })

  it.each<[string, readonly Uint8Array[], RegExp]>([
    ['the same list', chain, /the same certificates come\. AD FS alone would reset .*nothing breaks\.$/],
    [
      'the same leaf alone',
      [leaf.der],
      /the same certificate "sts\.contoso\.com" comes with other intermediates or none/,
    ],
    [
      'another certificate',
      [other.der],
      /a different certificate comes: "old" \(for old\.contoso\.com, until 2027-08-15\)/,
    ],
    [
      'something unreadable',
      [Buffer.from('?')],
      /a different certificate comes: a certificate that cannot be read/,
    ],
  ])('%s', (_what, list, says) => {
    const attempts = [...all(answered()), withoutName(answered({}, list))]
    const farm = {
      ...sound,
      examinations: [examined(attempts)],
      certificates: new Map([
        ...sound.certificates,
        ...entriesOf([other.der]).flatMap((entry) =>
          'certificate' in entry ? [[entry.sha256, entry.certificate] as const] : [],
        ),
      ]),
    }
    const { summary, says: sentences } = told(farm)
    expect(summary).toEqual(['info fallback-certificate'])
    expect(sentences[0]).toMatch(says)
  })

  it('a balancer whose servers differ is not called a fallback binding', () => {
    const examination = examined([...all(answered()), withoutName(answered({}, [leaf.der]))]) as Seen
    const farm = { ...sound, examinations: [{ ...examination, varying: ['a1', 'a2'] }] }
    const { says, advice } = told(farm)
    expect(says.at(-1)).toMatch(/several servers stand behind the address/)
    expect(advice.at(-1)).toEqual(['name-nodes'])
  })
})

describe('a client certificate', () => {
  const asking = all(answered({ clientCertificateRequested: true }))
  const at = (name: string, port: number) => ({
    subject: { ...soundSeen.subject, name: { ascii: name, display: name }, port },
  })

  it('asked for on 443 is a warning', () => {
    const { summary, advice } = found(asking)
    expect(summary).toEqual(['warning client-certificate-demanded all'])
    expect(advice[0]![0]).toBe('client-certificate-binding')
  })

  it.each([
    ['on the port for user certificates', 'sts.contoso.com', 49443],
    ['under the name for user certificates', 'certauth.sts.contoso.com', 443],
  ])('belongs there %s', (_where, name, port) => {
    const results = runChecks({
      ...sound,
      examinations: [{ ...examined(asking), ...at(name, port) } as Seen],
    })
    expect(results.find(({ id }) => id === 'client-certificate-demanded')!.status).toBe('not-applicable')
  })
})

it('a sound server makes every check pass or not apply', () => {
  const results = runChecks({ ...sound, examinations: [examined(all(answered()))] })
  expect(results.filter(({ status }) => status === 'found' || status === 'undetermined')).toEqual([])
  expect(results).toHaveLength(checks.length)
})
