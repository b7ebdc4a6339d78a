import { afterAll, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { render } from '../../src/formats/registry.js'
import { exitCodes } from '../../src/gate/gate.js'
import { certificateOf } from '../support/certificate-of.js'
import { checkPorts, verdictOf } from '../support/checked.js'
import { tlsServer } from '../support/tls-server.js'

const name = 'sts.contoso.test'
const old = issue({ subject: 'Old Root', ca: true })
const root = issue({ subject: 'New Root', ca: true })
const cross = issue({ subject: 'New Root', issuer: old, ca: true, key: root.key })
const ca = issue({ subject: 'Issuing', issuer: root, ca: true })
const leaf = issue({ subject: name, issuer: ca, names: [name] })
const server = await tlsServer([leaf, ca, cross])
afterAll(server.close)

it('every path that a release would accept is in the JSON and on the verbose screen', async () => {
  const trustAnchors = [root, old].map(certificateOf)
  const report = await checkPorts(name, [server.port], { trustAnchors, offline: true, android: '6.0,17' })
  const hashes = (...list: (typeof root)[]) => list.map((one) => certificateOf(one).sha256)
  const { path, alternatives } = verdictOf(report, '17')!
  expect([path, ...alternatives].sort()).toEqual(
    [hashes(leaf, ca, root), hashes(leaf, ca, cross, old)].sort(),
  )
  // 6.0 puts together one path and knows no other.
  expect(verdictOf(report, '6.0')!.alternatives).toEqual([])
  for (const sha256 of [path, ...alternatives].flat()) expect(report.certificates).toHaveProperty(sha256)
  const gated = { report, gate: { verdict: report.verdict, exitCode: exitCodes[report.verdict] } }
  const head = { tool: { name: 'adfs-check', version: '1' }, at: new Date(0) } as const
  const screen = await render('text', head, [gated], {
    colour: false,
    unicode: false,
    columns: 200,
    verbose: true,
  })
  expect(screen).toContain(`by ${name} < Issuing < New Root`)
  expect(screen).toContain('Old Root')
  expect(screen).toMatch(/or by /)
})
