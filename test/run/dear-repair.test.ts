import { afterAll, describe, expect, it } from 'vitest'
import { type Issued, issue, sequence, tlv } from '../../src/demo/authority.js'
import { check, type Progress, parseCertificate } from '../../src/index.js'
import { tlsServer } from '../support/tls-server.js'

/** As many URI names as URI subtrees that exclude others, under an authority that comes in many variants. */
const count = 1_000
const root = issue({ subject: 'Root', ca: true })
const middle = issue({ subject: 'Middle', issuer: root, ca: true })
const variants = Array.from({ length: 11 }, (_, n) =>
  issue({
    subject: 'Middle',
    key: middle.key,
    issuer: root,
    ca: true,
    notAfter: new Date(Date.UTC(2040, 1, n + 1)),
  }),
)
const many = (tag: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => tlv(tag, Buffer.from(text(n))))
const issuing = issue({
  subject: 'Issuing',
  issuer: middle,
  ca: true,
  extensions: [
    {
      oid: '2.5.29.30',
      critical: true,
      value: sequence(tlv(0xa1, ...many(0x86, (n) => `.x${n}.e`).map((name) => sequence(name)))),
    },
  ],
})
const leaf = issue({
  subject: 'leaf',
  issuer: issuing,
  extensions: [
    {
      oid: '2.5.29.17',
      value: sequence(tlv(0x82, Buffer.from('sts.contoso.test')), ...many(0x86, (n) => `http://h${n}.e/`)),
    },
  ],
})
const server = await tlsServer([leaf, issuing, middle, ...variants])
afterAll(server.close)

const parsed = (issued: Issued) => {
  const result = parseCertificate(issued.der)
  if (!result.ok) throw new Error(result.problem.message)
  return result.certificate
}
const options = {
  servers: [`127.0.0.1:${server.port}`],
  trustAnchors: [parsed(root)],
  offline: true,
  // The name does not fit, so that the repair is looked for.
  android: '7.0..',
}

describe('a repair that would cost minutes', () => {
  it('ends after the work of one plan and says so', async () => {
    const started = process.cpuUsage()
    const report = await check('other.contoso.test', options)
    expect(report.verdict).toBe('critical')
    expect(report.subjects[0]!.repairs[0]!.cutShort).toBe(true)
    // Work, not waiting: other programs may have the processor.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(40_000)
  }, 120_000)

  it('hears the signal in between, and tells what was found until then', async () => {
    const stop = new AbortController()
    let aborted = 0
    const onProgress = ({ kind }: Progress) => {
      if (kind !== 'observed') return
      setTimeout(() => {
        aborted = performance.now()
        stop.abort()
      }, 50)
    }
    const report = await check('other.contoso.test', { ...options, signal: stop.signal, onProgress })
    expect(performance.now() - aborted).toBeLessThan(1_000)
    expect(report.verdict).toBe('critical')
    expect(report.subjects[0]!.repairs).toEqual([])
  }, 60_000)
})
