import type { HandshakeEvidence } from '../android/connections.js'
import type { Disagreement } from '../android/disagreement.js'
import type { Release } from '../android/releases.js'
import type { Examination } from '../examine/examination.js'
import { cipherSuiteName, groupName, signatureSchemeName, versionName } from '../tls/code-points.js'
import { listed, say, type Words } from '../words/words.js'
import { type Advice, type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { handshakeOf } from './support/handshake.js'

type Parameter = Disagreement['parameter']

export interface Evidence {
  /** What the two sides differ in, with what the server wants; empty: no reason could be told. */
  readonly reasons: readonly { readonly parameter: Parameter; readonly wanted: string | null }[]
  /** Name of the alert; null: another hello's answer proves that there is nothing in common. */
  readonly alert: string | null
  /** The certificates had been sent by then. */
  readonly afterCertificates: boolean
}

const rules = ['handshake-refused'] as const

export const handshakeRefusedToRelease = defineCheck({
  id: 'handshake-refused-to-release',
  title: 'The server agrees on no TLS connection with some Android releases',
  sources: [
    'RFC 8446 §4.1.1',
    'conscrypt NativeCrypto.java per release',
    'Microsoft: Protocols in TLS/SSL (Schannel SSP)',
  ],
  rules,
  run: (farm) => found(farm.examinations.flatMap((examination) => casesOf(examination, farm))),
  tell: ({ reasons, alert, afterCertificates }, { releases }) => {
    const why = reasons.map(({ parameter, wanted }) => reasonWords[parameter](wanted ?? ''))
    const said = alert
      ? [
          `the server answers these phones with the alert ${alert}${afterCertificates ? ' after its certificates' : ''}`,
        ]
      : ['the server and these phones have nothing in common']
    return say`${{ releases }} cannot connect, whatever the certificates are: ${why.length > 0 ? listed(why) : said}.`
  },
  actions: ({ reasons }) => [
    ...new Set(reasons.length > 0 ? reasons.flatMap(({ parameter }) => advice[parameter]) : unexplained),
    { action: { verb: 'confirm' } },
  ],
})

/** One case for each distinct reason: joined, they would read as if every release met them all. */
function casesOf(examination: Examination, farm: ExaminedFarm): readonly Case<Evidence>[] {
  const cases = new Map<string, Case<Evidence>>()
  for (const release of farm.releases) {
    const known = handshakeOf(examination, release)
    if (!known || !isRefused(examination, release, known)) continue
    const evidence = evidenceOf(known)
    const facet = evidence.reasons.map(({ parameter, wanted }) =>
      [parameter, wanted].filter(Boolean).join(' '),
    )
    if (facet.length === 0) facet.push(`alert ${evidence.alert}`)
    const key = facet.join(', ')
    const one = cases.get(key) ?? {
      facet: key,
      subject: examination.subject.id,
      releases: [],
      severity: 'critical',
      certificate: null,
      evidence,
    }
    cases.set(key, { ...one, releases: [...one.releases, release] })
  }
  return [...cases.values()]
}

type Refused = Extract<HandshakeEvidence, { kind: 'refused' }>

/** Where lists were seen the verdict says whether this is what the release refuses for. */
function isRefused(examination: Examination, release: Release, known: HandshakeEvidence): known is Refused {
  if (known.kind !== 'refused' || known.failure?.kind === 'key-not-proven') return false
  if (examination.kind === 'unseen') return true
  return examination.verdicts.some(
    ({ verdict }) =>
      verdict.release === release && verdict.kind === 'refused' && verdict.reason.rule === rules[0],
  )
}

function evidenceOf({ reasons, failure }: Refused): Evidence {
  return {
    reasons: reasons.map((reason) => ({
      parameter: reason.parameter,
      wanted: 'shown' in reason ? nameOf[reason.parameter](reason.shown) : null,
    })),
    alert: failure?.kind === 'alert' ? failure.alert.name : null,
    afterCertificates: failure !== null && 'observation' in failure && failure.observation !== null,
  }
}

const nameOf = {
  version: versionName,
  'cipher-suite': cipherSuiteName,
  group: groupName,
  'signature-scheme': signatureSchemeName,
  'key-curve': groupName,
}

const reasonWords: Readonly<Record<Parameter, (wanted: string) => Words>> = {
  version: (wanted) => [`the server uses ${wanted}, which these phones do not offer`],
  'cipher-suite': (wanted) => [`the server uses the cipher suite ${wanted}, which these phones do not offer`],
  group: (wanted) => [`the server uses the key exchange group ${wanted}, which these phones do not offer`],
  'signature-scheme': (wanted) => [`the server signs with ${wanted}, which these phones do not offer`],
  'key-curve': (wanted) => [
    `the key of the server's certificate is on ${wanted}, which these phones do not offer`,
  ],
  'server-name': () => ['the server does not know the name that was asked for'],
  'application-protocol': () => ['the server wants another application protocol (ALPN) than http/1.1'],
  'client-certificate': () => ['the server demands a client certificate'],
  'extended-master-secret': () => [
    'the server wants the extension extended_master_secret, which these phones do not send',
  ],
}

const tlsSettings: Advice = { action: { verb: 'look', at: { kind: 'tls-settings' } }, by: 'adfs-admin' }
const bindings: Advice = { action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' }
const otherKey: Advice = {
  action: { verb: 'reissue', certificate: null, demands: [{ kind: 'stronger-key' }] },
  by: 'certificate-buyer',
}
const device: Advice = { action: { verb: 'look', at: { kind: 'device-at-address' } }, by: 'network-admin' }
const clientCertificates: Advice = {
  action: { verb: 'look', at: { kind: 'client-certificate-binding' } },
  by: 'adfs-admin',
}
const unexplained: readonly Advice[] = [tlsSettings, bindings]

const advice: Readonly<Record<Parameter, readonly Advice[]>> = {
  version: [tlsSettings],
  'cipher-suite': [tlsSettings],
  group: [tlsSettings],
  'signature-scheme': [otherKey],
  'key-curve': [otherKey],
  'server-name': [bindings],
  // Windows asks for no protocol: a device in front does.
  'application-protocol': [device],
  'client-certificate': [clientCertificates],
  'extended-master-secret': [tlsSettings],
}
