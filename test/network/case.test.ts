import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Checked, check } from '../../src/check.js'
import { issue } from '../../src/demo/authority.js'
import type { Asked } from '../../src/farm/asked.js'
import { AdfsCheckFault } from '../../src/fault.js'
import { documentOf } from '../../src/formats/json.js'
import { formatNames, render } from '../../src/formats/registry.js'
import { worst } from '../../src/gate/gate.js'
import { type Case, caseText, recording, replaying } from '../../src/network/case.js'
import { live } from '../../src/network/live/live.js'
import { readCase } from '../../src/network/read-case.js'
import { redacted } from '../../src/network/redact.js'
import { askedOf } from '../../src/run/options.js'
import { certificateOf } from '../support/certificate-of.js'
import { tlsServer } from '../support/tls-server.js'
import { expectValidDocument } from '../support/valid-report.js'

const tool = { name: 'adfs-check', version: '0.0.0' } as const
const at = new Date('2027-03-01T12:00:00Z')
const hooks = { concurrency: 4, pause: async () => true }
const name = 'sts.contoso.test'

// Root - Issuing 1 (fetched) - Issuing 2 (fetched) - leaf: the second URL stands in a fetched certificate only.
const aia = new Map<string, Uint8Array>()
const web = createServer((request, response) => {
  const body = aia.get(request.url ?? '')
  if (body) response.end(body)
  else response.writeHead(404).end()
})
web.listen(0, '127.0.0.1')
await once(web, 'listening')
const url = (path: string) => `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`
const root = issue({ subject: 'Root', ca: true })
const issuing1 = issue({ subject: 'Issuing 1', issuer: root, ca: true })
const issuing2 = issue({ subject: 'Issuing 2', issuer: issuing1, ca: true, caIssuers: [url('/1.cer')] })
const leaf = issue({ subject: name, issuer: issuing2, names: [name], caIssuers: [url('/2.cer')] })
aia.set('/1.cer', issuing1.der)
aia.set('/2.cer', issuing2.der)
const short = await tlsServer([leaf])
const sound = await tlsServer([leaf, issuing2, issuing1])
afterAll(async () => {
  web.close()
  await Promise.all([short.close(), sound.close()])
})

const asked = (changes: Partial<Asked> = {}): Asked => ({
  ...askedOf(name, {
    servers: [`localhost:${short.port}`, `127.0.0.1:${sound.port}`],
    family: 4,
    trustAnchors: [certificateOf(root)],
    aiaAllowPrivate: true,
  }),
  ...changes,
})

async function record(options: Asked): Promise<{ readonly checked: Checked; readonly text: string }> {
  const outside = live({ ...options, timeoutMs: 5_000, proxy: null, signal: null })
  const recorder = recording(outside)
  const checked = await check(options, recorder.network, at, hooks)
  return { checked, text: caseText(recorder.case(options, at, tool)) }
}

const replay = (text: string, file = 'case.json'): Promise<Checked> => {
  const { saved, asked: options, at: clock } = readCase(text, file)
  return check(options, replaying(saved), clock, hooks)
}

/** The report in every format, each short and long. */
async function rendered(checked: Checked): Promise<readonly string[]> {
  const style = { colour: false, unicode: true, columns: 80 }
  const head = { tool, at }
  return Promise.all(
    formatNames.flatMap((format) =>
      [false, true].map((verbose) => render(format, head, [checked], { ...style, verbose })),
    ),
  )
}

const verdictsOf = ({ report }: Checked) =>
  report.subjects.map(({ verdicts }) =>
    verdicts.map(({ releases, verdict, rule }) => [releases, verdict, rule]),
  )

const { checked, text } = await record(asked())
const edited = (change: (saved: Case & Record<string, unknown>) => void): string => {
  const saved = JSON.parse(text)
  change(saved)
  return JSON.stringify(saved)
}

describe('a recorded run', () => {
  it('is told as it was, byte for byte, in every format', async () => {
    expect(checked.report.verdict).toBe('critical')
    expect(await rendered(await replay(text))).toEqual(await rendered(checked))
    expectValidDocument(documentOf({ tool, at }, [checked.report], worst([checked.gate])))
  })

  it('is the same in another order of its fields and rows, and read by other programs', async () => {
    const turned = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turned)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([key, item]) => [key, turned(item)]),
            )
          : value
    const other = turned(JSON.parse(text)) as { probes: unknown[]; fetches: unknown[] }
    other.probes.reverse()
    other.fetches.reverse()
    expect(await rendered(await replay(JSON.stringify(other)))).toEqual(await rendered(checked))
  })

  it('recorded again from its replay gives the same case', async () => {
    const { saved, asked: options } = readCase(text, 'case.json')
    const recorder = recording(replaying(saved))
    await check(options, recorder.network, at, hooks)
    expect(caseText(recorder.case(options, at, tool))).toBe(text)
  })

  it('is judged by what it holds: one byte of a certificate changes the verdict', async () => {
    const broken = edited(({ probes }) => {
      for (const { outcome, endpoint } of probes) {
        if (outcome.kind !== 'observed' || !endpoint.endsWith(`:${sound.port}`)) continue
        const [, second] = outcome.observation.certificates as unknown as { base64: string }[]
        const der = Buffer.from(second!.base64, 'base64')
        der[der.length - 1]! ^= 1
        second!.base64 = der.toString('base64')
      }
    })
    expect(checked.report.subjects[1]!.verdicts.map(({ verdict }) => verdict)).toContain('accepted')
    const kinds = (await replay(broken)).report.subjects[1]!.verdicts.map(({ verdict }) => verdict)
    expect(kinds).not.toContain('accepted')
  })

  it('invents nothing that it lacks: no verdict, and never ok', async () => {
    const { checked: good, text: saved } = await record(asked({ servers: [`127.0.0.1:${sound.port}`] }))
    expect(good.report.verdict).toBe('ok')
    const { probes, ...rest } = JSON.parse(saved)
    for (const keep of [() => false, (_: unknown, index: number) => index > 0]) {
      const { report } = await replay(JSON.stringify({ ...rest, probes: probes.filter(keep) }))
      expect(report.verdict).toBe('unknown')
    }
    // Another shape under the same id is another question.
    const reshaped = probes.map((probe: object) => ({ ...probe, shape: '0'.repeat(16) }))
    expect((await replay(JSON.stringify({ ...rest, probes: reshaped }))).report.verdict).toBe('unknown')
    // Without its look-up there is no server, and without its downloads no repair.
    expect(
      (await replay(edited((all) => Object.assign(all, { resolutions: [] })))).report.farm.unresolved,
    ).toMatchObject([{ host: 'localhost', reason: 'not-recorded' }])
    const alone = await record(asked({ servers: [`127.0.0.1:${short.port}`] }))
    expect(alone.checked.report.subjects[0]!.repairs[0]!.add.map(({ origin }) => origin)).toEqual([
      'aia',
      'aia',
    ])
    const unfetched = await replay(JSON.stringify({ ...JSON.parse(alone.text), fetches: [] }))
    expect(unfetched.report.fetches.map(({ outcome }) => outcome)).toEqual(['not in the recorded case'])
    expect(unfetched.report.subjects[0]!.repairs[0]!.add).toEqual([])
  })

  it('keeps no secret: no key, no password, no credential of a proxy or of an address', async () => {
    const secret = 'S3cr3t'
    const options = asked({
      target: `https://user:${secret}@${name}/adfs/ls?token=${secret}`,
      ...{ proxy: askedOf(name, { proxy: new URL(`http://u:${secret}@127.0.0.1:1`) }).proxy },
    })
    const { text: kept, checked: told } = await record({ ...options, passwordFile: 'password.txt' })
    for (const output of [kept, ...(await rendered(told))]) {
      expect(output).not.toContain(secret)
      expect(output).not.toContain('PRIVATE KEY')
      expect(output).not.toContain(leaf.keyPem.split('\n')[1])
    }
    expect(await rendered(await replay(kept))).toEqual(await rendered(told))
    expect(kept).not.toMatch(/"(connectMs|handshakeMs|bytesReceived)"/)
  })
})

describe('a redacted case', () => {
  it.each([
    ['of a farm', () => undefined],
    // The second URL stands in a certificate that was fetched itself.
    ['whose issuers were fetched', () => [`localhost:${short.port}`]],
  ])('%s names no address, label, path or URL outside certificates, and is judged as before', async (_what, servers) => {
    const options = asked({
      ...(servers() ? { servers: servers()! } : {}),
      trustAnchors: [
        {
          path: '/home/anna/contoso-root.pem',
          certificates: [{ certificate: certificateOf(root), from: '/home/anna/contoso-root.pem' }],
        },
      ],
      passwordFile: '/home/anna/password.txt',
      tlsEndsAt: 'haproxy',
      proxy: 'http://proxy.corp.contoso.test:3128',
    })
    const run = await record(options)
    const { text: hidden, stays } = await redacted(run.text)
    const { fetches: _, ...outside } = JSON.parse(hidden)
    expect(JSON.stringify(outside)).not.toMatch(
      /127\.0\.0\.1|localhost|anna|contoso-root|password\.txt|proxy\.corp/,
    )
    expect(stays).toEqual(expect.arrayContaining([name, 'CN=Issuing 2', 'CN=Issuing 1', 'CN=Root']))
    const again = await replay(hidden)
    expect(again.report.subjects.map(({ tlsEnd }) => tlsEnd?.said)).toContain('haproxy')
    expect(verdictsOf(again)).toEqual(verdictsOf(run.checked))
    expect(again.report.findings.map(({ id }) => id)).toEqual(run.checked.report.findings.map(({ id }) => id))
    expect(again.report.subjects.map(({ repairs }) => repairs.map(({ add }) => add.length))).toEqual(
      run.checked.report.subjects.map(({ repairs }) => repairs.map(({ add }) => add.length)),
    )
    // Stable: the same thing has the same alias, and redacting again finds nothing to hide.
    expect((await redacted(run.text)).text).toBe(hidden)
  })

  it('hides what words of failures repeat, whole', async () => {
    const talking = edited(({ probes, asked: options }) => {
      Object.assign(options, { proxy: 'http://proxy.corp.test:3128' })
      const detail = 'proxy.corp.test, 10.1.2.3:443, 10.1.2.33 and 2001:470::9 refused'
      Object.assign(probes[0]!, { outcome: { kind: 'proxy-failed', detail } })
    })
    expect((await redacted(talking)).text).not.toMatch(/10\.1\.2|2001:470|proxy\.corp/)
  })
})

describe('a case that was edited', () => {
  const faultOf = (broken: string): AdfsCheckFault => {
    try {
      readCase(broken, 'x.json')
    } catch (error) {
      if (error instanceof AdfsCheckFault) return error
      throw error
    }
    throw new Error('it was read')
  }

  it.each<[string, (saved: Record<string, object>) => void, RegExp]>([
    ['newer', (all) => Object.assign(all, { caseVersion: 2 }), /caseVersion is 2; this program reads 1/],
    ['without its clock', (all) => Object.assign(all, { at: 'soon' }), /: at is no date/],
    [
      'with an option that is none',
      (all) => Object.assign(all.asked!, { android: '3' }),
      /asked\.android is not/,
    ],
    [
      'with a device that nobody knows',
      (all) => Object.assign(all.asked!, { tlsEndsAt: 'iis' }),
      /asked\.tlsEndsAt is/,
    ],
    [
      'with too many connections',
      (all) => Object.assign(all.asked!, { repeat: 1e9 }),
      /asked\.repeat is no whole/,
    ],
    [
      'with a target that is none',
      (all) => Object.assign(all.asked!, { target: 'a b' }),
      /asked\.target is not/,
    ],
    [
      'with a server that is none',
      (all) => Object.assign(all.asked!, { servers: ['a b'] }),
      /asked\.servers\[0\]/,
    ],
    [
      'with a proxy password',
      (all) => Object.assign(all.asked!, { proxy: 'http://u:p@x' }),
      /asked\.proxy is no proxy/,
    ],
    [
      'with a threshold of nothing',
      (all) => Object.assign(all.asked!, { warn: {} }),
      /asked\.warn limits nothing/,
    ],
    [
      'with an address that is none',
      (all) =>
        Object.assign((all.resolutions as { answer: object }[])[0]!.answer, { addresses: ['\u001b[2J'] }),
      /resolutions\[0\]\.answer\.addresses\[0\] is no address/,
    ],
    [
      'with an outcome nobody knows',
      (all) => Object.assign((all.probes as object[])[0]!, { outcome: { kind: 'new' } }),
      /probes\[0\]\.outcome\.kind is none of observed,/,
    ],
    [
      'with bytes that are none',
      (all) =>
        Object.assign(all.asked!, { deviceCas: [{ path: 'x', certificates: [{ from: 'x', der: 'AAAA' }] }] }),
      /asked\.deviceCas\[0\]\.certificates\[0\]\.der is no certificate/,
    ],
  ])('%s', (_what, change, message) => {
    const { code, message: said } = faultOf(edited(change as never))
    expect(code).toBe('ADFS_CHECK_BAD_FILE')
    expect(said).toMatch(message)
    expect(said).toMatch(/^x\.json is not a case of adfs-check: /)
  })

  it('or is none at all', () => {
    for (const none of ['', '{', 'null', '[]', '1', '"x"', '{}', text.slice(0, -100)])
      expect(faultOf(none).code).toBe('ADFS_CHECK_BAD_FILE')
  })

  it('is refused by one clear error or judged, whatever was put in place of what', async () => {
    const fields: (readonly (string | number)[])[] = []
    const walk = (value: unknown, path: readonly (string | number)[]): void => {
      if (path.length > 0) fields.push(path)
      if (Array.isArray(value)) value.slice(0, 2).forEach((item, index) => void walk(item, [...path, index]))
      else if (value !== null && typeof value === 'object')
        for (const [key, item] of Object.entries(value)) walk(item, [...path, key])
    }
    walk(JSON.parse(text), [])
    const wild = fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        true,
        -1,
        0.5,
        1e300,
        '',
        [],
        {},
        '\u001b[31m\u202e\n',
        '::1',
      ),
      fc.string(),
      fc.integer(),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
      fc.jsonValue({ maxDepth: 2 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), wild, async (path, value) => {
        const broken = edited((saved) => {
          const parent = path
            .slice(0, -1)
            .reduce<Record<string | number, unknown>>(
              (at, key) => at[key] as Record<string | number, unknown>,
              saved as never,
            )
          if (value === undefined) delete parent[path.at(-1)!]
          else parent[path.at(-1)!] = value
        })
        let judged: Checked
        try {
          judged = await replay(broken, 'x.json')
        } catch (error) {
          expect(error).toBeInstanceOf(AdfsCheckFault)
          return
        }
        // Judged: nothing that was put in can repaint a terminal.
        for (const output of await rendered(judged)) expect(output).not.toMatch(/[\u001b\u202e]/)
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
