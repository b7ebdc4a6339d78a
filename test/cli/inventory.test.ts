import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { check } from '../../src/check.js'
import { issue } from '../../src/demo/authority.js'
import { startNodes } from '../../src/demo/nodes.js'
import { readPolicyFile } from '../../src/farm/policy-file.js'
import { live } from '../../src/network/live/live.js'
import type { Network } from '../../src/network/network.js'
import { askedOf } from '../../src/run/options.js'
import { runCli } from '../support/run-cli.js'
import {
  at,
  bindings,
  inventoryOf,
  issuing,
  leaf,
  names,
  oldLeaf,
  ports,
  root,
  startSixNodes,
} from '../support/six-nodes.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-inventory-'))
const farm = await startSixNodes()
afterAll(async () => {
  await farm.close()
  rmSync(folder, { recursive: true })
})
writeFileSync(join(folder, 'root.pem'), root.pem)
const config = join(folder, 'adfs-check.yaml')
writeFileSync(config, inventoryOf(farm))

async function cli(...args: string[]) {
  return runCli(args, { now: at })
}

interface Told {
  readonly subjects: readonly {
    id: string
    node: string
    role: string
    verdicts: { verdict: string; counts: boolean }[]
    strangeName?: { sent: string[] }
  }[]
  readonly findings: readonly { id: string; cases: readonly { subject: string; key: string }[] }[]
  readonly farm: { names: { ascii: string }[]; ports: number[] }
}
const reportOf = (out: string): Told => JSON.parse(out).reports[0]
const verdictsOf = ({ subjects }: Told) =>
  Object.fromEntries(
    subjects.map(({ id, verdicts }) => [id, verdicts.find(({ counts }) => counts)?.verdict ?? 'none']),
  )
const checked = async (...more: string[]) =>
  reportOf((await cli('--config', config, '--no-proxy', '--format', 'json', ...more)).out)

describe('a farm of six nodes, three names and two ports', () => {
  it('is asked for every name on every node and port, and judged at each', async () => {
    const report = await checked()
    expect(report.farm).toMatchObject({
      names: Object.values(names).map((ascii) => ({ ascii })),
      ports: [ports.https, ports.userCertificates],
    })
    const expected = ['adfs1', 'adfs2', 'wap1', 'wap2', 'lb1', 'adfs3'].flatMap((node) => {
      const verdict = node === 'adfs1' || node === 'wap1' ? 'refused' : 'accepted'
      return [
        `${names.service}@${farm.address(node)}:${ports.https}`,
        `${names.service}@${farm.address(node)}:${ports.userCertificates}`,
        `${names.certauth}@${farm.address(node)}:${ports.https}`,
        `${names.registration}@${farm.address(node)}:${ports.https}`,
      ].map((id) => [id, verdict])
    })
    expect(verdictsOf(report)).toEqual(Object.fromEntries(expected))
    expect(report.subjects.map(({ node, role }) => `${node} ${role}`)).toContain('lb1 balancer')
    // Where users are asked for certificates by design nothing is wrong with it.
    expect(report.findings.map(({ id }) => id)).not.toContain('client-certificate-demanded')
    // What is so under every name is told once.
    expect(report.findings.filter(({ id }) => id === 'servers-differ')).toHaveLength(1)
    const fallback = report.findings.find(({ id }) => id === 'fallback-certificate')
    // A matter of the port, not of the names that are asked for there.
    expect(fallback?.cases.map(({ subject }) => subject)).toEqual([
      `${names.service}@${farm.address('adfs3')}:${ports.https}`,
    ])
  })

  it('is told in a screen: a line for each machine, and commands that say all of it again', async () => {
    const { out, code } = await cli('--config', config, '--no-proxy')
    expect(code).toBe(2)
    expect(out).toContain('(6 servers checked under 3 names and on 2 ports, 2 refused)')
    const [adfs1, wap1] = [farm.address('adfs1'), farm.address('wap1')]
    expect(out).toMatch(
      new RegExp(`^  adfs1 ${adfs1} +REFUSED +leaf only: "Contoso Issuing CA 1" is missing$`, 'm'),
    )
    expect(out).toMatch(/^ {2}adfs3 [\d.]+ +ok +leaf \+ 1$/m)
    expect(out).toContain('Copy "fix" to wap1 and adfs1, proxies first')
    expect(out).toContain(
      `adfs-check sts.contoso.com --node "adfs1=${adfs1},role=adfs" --node "wap1=${wap1},role=wap" --name ${names.certauth} --name ${names.registration} --port 8443 --port 49443 `,
    )
    expect(out).toContain('Result: 2 of 6 servers refused (exit 2)')
    const verbose = (await cli('--config', config, '--no-proxy', '--verbose')).out
    expect(verbose).toMatch(/As administrator on wap1 and adfs1: copy/)
    expect(verbose).toMatch(/\[intermediate-missing\]\n +on adfs1\n/)
    const nagios = (await cli('--config', config, '--no-proxy', '--format', 'nagios')).out
    expect(nagios).toContain("'servers_refused'=2;0;0;0;6")
  })

  it('is the same by options', async () => {
    const options = [
      ...['adfs2', 'adfs3'].flatMap((node) => ['--node', `${node}=${farm.address(node)},role=adfs`]),
      ...['--name', names.certauth, '--port', `${ports.https}`, '--port', `${ports.userCertificates}`],
      ...['--trust-anchor', join(folder, 'root.pem'), '--offline', '--no-proxy', '--format', 'json'],
    ]
    const { out, code } = await cli(names.service, ...options)
    expect(code).toBe(0)
    expect(Object.keys(verdictsOf(reportOf(out)))).toHaveLength(6)
    // Three hellos for each name and port; and on each port one without a name and one with a strange one.
    const text = (await cli(names.service, ...options.slice(0, -2))).out
    expect(text).toContain('(2 servers checked under 2 names and on 2 ports, 26 connections)')
  })

  it('tells what is wrong under one name on one port apart from the rest of the machine', async () => {
    farm.bind('adfs2', [oldLeaf, issuing], ({ port }) => port === ports.userCertificates)
    farm.bind('lb1', [issueFor(names.service), issuing], ({ name }) => name === names.certauth)
    const { out } = await cli('--config', config, '--no-proxy')
    expect(out).toMatch(/^ {2}adfs2 [\d.]+:49443 +REFUSED/m)
    expect(out).toMatch(/^ {2}adfs2 [\d.]+, else +ok +leaf \+ 1$/m)
    expect(out).toMatch(/^ {2}lb1 +[\d.]+ certauth\.sts\.contoso\.com\n +REFUSED/m)
    const report = await checked('--server', 'lb1')
    expect(report.findings.map(({ id }) => id)).toContain('hostname-not-covered')
    expect(report.subjects).toHaveLength(4)
    farm.bind('adfs2', [leaf, issuing])
    farm.bind('lb1', [leaf, issuing, root])
  })

  it('turns green where it was mended and leaves the others as they were', async () => {
    const before = verdictsOf(await checked())
    farm.bind('adfs1', [leaf, issuing])
    const after = verdictsOf(await checked())
    const changed = Object.keys(after).filter((id) => after[id] !== before[id])
    expect(changed).toHaveLength(4)
    expect(changed.every((id) => id.includes(`@${farm.address('adfs1')}:`) && after[id] === 'accepted')).toBe(
      true,
    )
    farm.bind('adfs1', [leaf])
  })

  it('is found out by init, over a broken chain, and written so that it can be checked', async () => {
    const file = join(folder, 'new.yaml')
    const servers = ['adfs1', 'adfs2'].flatMap((node) => ['--server', farm.address(node)])
    const target = `${names.service}:${ports.https}`
    const { code, out } = await cli(
      'init',
      target,
      ...servers,
      '--config',
      file,
      '--no-proxy',
      '--timeout',
      '2',
    )
    expect(code).toBe(0)
    const text = readFileSync(file, 'utf8')
    expect(out.startsWith(text)).toBe(true)
    const [found] = readPolicyFile(text, file).farms
    expect(found).toMatchObject({
      name: target,
      options: {
        ports: [ports.https, ports.userCertificates],
        nodes: [{ addresses: [farm.address('adfs1')] }, { addresses: [farm.address('adfs2')] }],
      },
    })
    expect(text).toContain(`federation service identifier: http://${names.service}/adfs/services/trust`)
    // What AD FS publishes is more than a name in a certificate.
    expect(text).toContain(
      `federation metadata has endpoints under ${names.certauth}, but DNS does not say so`,
    )
    expect(text).not.toContain('which proves nothing')
    expect(text).toContain('Not known from here:')
    // The last byte of what is there stays.
    const again = await cli('init', target, ...servers, '--config', file, '--no-proxy')
    expect([again.code, readFileSync(file, 'utf8')]).toEqual([4, text])
    const none = join(folder, 'none.yaml')
    const nobody = await cli(
      'init',
      'sts.contoso.com:1',
      '--server',
      '127.0.0.1',
      '--config',
      none,
      '--no-proxy',
    )
    expect([nobody.code, existsSync(none)]).toEqual([3, false])
  })

  it('is judged again from a case, and hides its nodes in a redacted one', async () => {
    const file = join(folder, 'case.json')
    const { code } = await cli('--config', config, '--no-proxy', '--save', file, '--redact', '--quiet')
    expect(code).toBe(2)
    const replayed = await cli('replay', file, '--format', 'json')
    expect(replayed.code).toBe(2)
    expect(Object.values(verdictsOf(reportOf(replayed.out))).filter((one) => one === 'refused')).toHaveLength(
      8,
    )
    expect(replayed.out).not.toContain(farm.address('wap1'))
    expect(replayed.out).not.toContain('wap1')
  })
})

it('a server that answers to a name that nobody has is told apart, on one connection a port', async () => {
  const list = [leaf, issuing]
  const nodes = await startNodes([
    {
      name: 'lb',
      role: 'balancer',
      bindings: [{ name: '*', port: ports.https, list: [oldLeaf, issuing] }, ...bindings(list)],
    },
    { name: 'adfs', role: 'adfs', bindings: bindings(list) },
  ])
  const options = ['lb', 'adfs'].flatMap((node) => ['--node', `${node}=${nodes.address(node)}`])
  const { out } = await cli(
    ...[names.service, ...options, '--name', names.certauth, '--port', `${ports.https}`],
    ...['--trust-anchor', join(folder, 'root.pem'), '--offline', '--no-proxy', '--format', 'json'],
  )
  await nodes.close()
  const report = reportOf(out)
  const fallback = report.findings.filter(({ id }) => id === 'fallback-certificate')
  expect(fallback.flatMap(({ cases }) => cases.map(({ key }) => key))).toEqual([
    `fallback-certificate|${names.service}@${nodes.address('lb')}:${ports.https}|strange-name`,
  ])
  expect(report.subjects.map(({ strangeName }) => strangeName?.sent.length ?? null)).toEqual([
    2,
    null,
    0,
    null,
  ])
})

describe('without an inventory', () => {
  const network = live({ timeoutMs: 5_000, proxy: null, offline: true, aiaAllowPrivate: false, signal: null })
  const looked: string[] = []
  const checkedAt = async (certauth: string | null) => {
    looked.length = 0
    const dns: Network = {
      ...network,
      resolve: async (host) => {
        looked.push(host)
        const address = host === names.service ? farm.address('adfs1') : certauth
        return address === null
          ? { kind: 'failed', reason: 'not-found', detail: 'ENOTFOUND' }
          : { kind: 'found', addresses: [address], left: 0 }
      },
    }
    const asked = askedOf(`${names.service}:${ports.https}`, {})
    return (await check(asked, dns, at, { concurrency: 4, pause: async () => true })).report
  }

  it('certauth is checked where a certificate has it and DNS leads it to the farm', async () => {
    const { farm: found, subjects, plan } = await checkedAt(farm.address('adfs1'))
    expect(found.names.map(({ ascii }) => ascii)).toEqual([names.service, names.certauth])
    expect(subjects.map(({ name }) => name)).toEqual([names.service, names.certauth])
    expect(looked).toEqual([names.service, names.certauth])
    expect(plan.steps.find(({ action }) => action.verb === 'confirm')?.argv).not.toContain('--server')
  })

  it('a name in a certificate alone proves nothing, nor does a server that does not know it', async () => {
    expect((await checkedAt(null)).subjects).toHaveLength(1)
    expect((await checkedAt('127.9.9.9')).subjects).toHaveLength(1)
    farm.bind('adfs1', [issueFor('www.contoso.com'), issuing], ({ name }) => name === names.certauth)
    const { subjects, farm: found } = await checkedAt(farm.address('adfs1'))
    expect(subjects).toHaveLength(1)
    expect(found.leftOut).toMatchObject([{ name: names.certauth, reason: 'not-answered' }])
    farm.bind('adfs1', [leaf])
  })
})

function issueFor(name: string) {
  return issue({ subject: name, keyName: 'for one name', issuer: issuing, names: [name], at })
}
