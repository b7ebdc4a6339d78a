import { writeSync } from 'node:fs'
import { run } from '../../src/cli/program.js'
import { issue } from '../../src/demo/authority.js'
import { publicChains } from './published.js'
import { tlsServer } from './tls-server.js'

/**
 * Checks servers with lookalikes of public chains, run where there is no network but loopback: `unshare -n` starts it. One
 * line of JSON a case.
 */
const now = new Date('2026-11-24T12:00:00Z')
for (const [name, chain] of Object.entries(publicChains)) {
  const [issuer] = chain
  const leaf = issue({
    subject: 'sts.contoso.com',
    names: ['sts.contoso.com'],
    issuer,
    at: now,
    caIssuers: ['http://i.lencr.org/issuer.cer'],
    keyName: name,
  })
  const server = await tlsServer([leaf, ...chain])
  let out = ''
  const code = await run(
    [
      'sts.contoso.com',
      '--server',
      `127.0.0.1:${server.port}`,
      '--android',
      '10..13',
      '--no-proxy',
      '--format',
      'json',
    ],
    {
      out: { write: (text) => (out += text) },
      err: { write: (text) => process.stderr.write(text) },
      env: {},
      platform: 'linux',
      now,
      signal: new AbortController().signal,
    },
  )
  await server.close()
  const [report] = JSON.parse(out).reports
  const [finding] = report.findings
  const fetches = report.fetches.map(({ outcome }: { outcome: string }) => outcome)
  writeSync(1, `${JSON.stringify({ name, code, id: finding.id, says: finding.message, fetches })}\n`)
}
process.exit(0)
