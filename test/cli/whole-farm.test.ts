import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { recipes } from '../../src/adfs/recipes/recipes.js'
import { type Machine, startWholeFarm } from '../../src/demo/whole-farm.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { thumbprintOf } from '../../src/x509/identity.js'
import { builtProgram, runBuilt } from '../support/built.js'
import { certificateOf } from '../support/certificate-of.js'
import { has, type RunningServer, startProgram, Workspace } from '../support/peers.js'

/**
 * The farm as farms are, checked from its inventory, watched by another process, and mended machine by machine with what
 * the kit's README says and nothing else: each machine turns green by its own steps, and the others stay as they were.
 * Windows is the chain engine's model over real TLS servers; the balancer is a real nginx where there is one.
 */
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-whole-farm-'))
const built = builtProgram()
const main = join(built, 'main.cjs')
const isReal = has('nginx')
const farm = await startWholeFarm(new Date(), { balancer: !isReal })
const machine = (name: string): Machine => farm.machines.find((one) => one.name === name)!
writeFileSync(join(folder, 'root.pem'), farm.root.pem)
writeFileSync(join(folder, 'adfs-check.yaml'), farm.inventory('root.pem'))

const workspace = new Workspace()
const chain = workspace.write('chain.pem', farm.leaf.pem + farm.root.pem)
const nginx = isReal ? await startNginx() : null
let watch: ChildProcess | null = null
afterAll(async () => {
  watch?.kill('SIGKILL')
  await nginx?.stop()
  await farm.close()
  workspace.remove()
  for (const path of [folder, dirname(built)]) rmSync(path, { recursive: true })
})

function startNginx(): Promise<RunningServer> {
  mkdirSync(join(workspace.path, 'bin'))
  const { path } = workspace
  const shim = workspace.write(
    'bin/nginx',
    `#!/bin/sh\nexec /usr/sbin/nginx -c ${path}/nginx.conf -p ${path} "$@"\n`,
  )
  chmodSync(shim, 0o755)
  const key = workspace.write('key.pem', farm.leaf.keyPem)
  const { service, certauth, registration } = farm.names
  const { https, userCertificates } = farm.ports
  const listen = (more: string, ...ports: readonly number[]) =>
    ports.map((port) => `listen ${machine('lb1').address}:${port} ssl${more};`).join(' ')
  return startProgram(
    'nginx',
    (port) => [
      '-c',
      workspace.write(
        'nginx.conf',
        `daemon off; user root; pid ${path}/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
ssl_certificate ${chain}; ssl_certificate_key ${key};
server { listen 127.0.0.1:${port}; return 204; }
server { ${listen(' default_server', https, userCertificates)} ssl_reject_handshake on; }
server { ${listen('', https)} server_name ${service} ${registration}; }
server { ${listen('', https)} server_name ${certauth}; ssl_verify_client optional_no_ca; }
server { ${listen('', userCertificates)} server_name ${service}; ssl_verify_client optional_no_ca; } }`,
      ),
      '-p',
      path,
    ],
    workspace,
  )
}

/** What differs between two runs, replaced. */
function still(text: string): string {
  return (
    farm.machines
      .reduce((all, { address }, index) => all.replaceAll(address, `192.168.100.${10 + index}`), text)
      .replace(/\b\d\d:\d\d:\d\d\b/g, 'HH:MM:SS')
      .replace(/\b\d{4}-\d\d-\d\d\b/g, 'YYYY-MM-DD')
      // What is told of older releases goes by what else the balancer speaks.
      .replace(/^ {2}Not counted: .*\n/m, '')
      .replace(/updates to \d{4}-\d\d/g, 'updates to YYYY-MM')
      .replace(/\bAndroid \d[\d-]+/g, 'Android RELEASES')
      .replace(/\b[0-9A-F]{40}\b/g, 'THUMBPRINT')
      .replace(/\b(?=[0-9A-F]*\d)[0-9A-F]{8}\b/g, 'ABCD1234')
  )
}

const checked = (...more: readonly string[]) =>
  runBuilt(main, ['--config', 'adfs-check.yaml', '--no-proxy', ...more], {
    cwd: folder,
    env: { COLUMNS: '80' },
  })

/** How each machine stands: verdicts and lists under every name and on every port. */
async function rows(): Promise<Readonly<Record<string, string>>> {
  const { out } = await checked('--format', 'json')
  const { subjects } = (JSON.parse(out) as ReportDocument).reports[0]!
  return Object.fromEntries(
    farm.machines.map(({ name }) => {
      const own = subjects.filter(({ node }) => node === name)
      expect(own).toHaveLength(4)
      const verdicts = own.map(({ verdicts }) => verdicts.find(({ counts }) => counts)?.verdict)
      const lists = own.map(({ answers }) =>
        answers.filter((one) => one.releases.length > 0).map((one) => one.sent),
      )
      return [name, `${[...new Set(verdicts)].join()} ${JSON.stringify(lists)}`]
    }),
  )
}

/** Steps of the README that are for a machine, in order, up to those for the case that it did not help. */
function linesFor(name: string): readonly string[] {
  const readme = readFileSync(join(folder, 'fix/README.md'), 'utf8').replaceAll('\r\n', '\n')
  return readme
    .split('## Steps')[1]!
    .split('\n## ')[0]!
    .split(/\n\*\*\d+\.\*\* /)
    .filter(
      (step) =>
        step.split(': ', 1)[0]!.includes(`\`${name}\``) && !/If the old chain|If it got worse/.test(step),
    )
    .flatMap((step) => [...step.matchAll(/```\n([\s\S]*?)\n```/g)].flatMap(([, lines]) => lines!.split('\n')))
}

/** PowerShell's part, as far as the recipe goes; a line that is not known here is a failure. */
function followOnWindows({ name, stores, restart }: Machine): void {
  const kit = join(folder, 'fix')
  for (const line of linesFor(name)) {
    const removed = /Where-Object Thumbprint -eq ([0-9A-F]{40}) \| Remove-Item$/.exec(line)?.[1]
    if (removed !== undefined)
      for (const store of ['CA', 'My'] as const)
        stores![store] = stores![store].filter((one) => thumbprintOf(one) !== removed)
    else if (line === '.\\Install-Intermediates.ps1') {
      const { certificates } = JSON.parse(readFileSync(join(kit, 'certificates.json'), 'utf8'))
      for (const { file } of certificates) stores!.CA.push(certificateOf(readFileSync(join(kit, file))))
    } else if (line === '.\\Install-Intermediates.ps1 -Restart') restart()
    else if (!/^Stop-Service adfssrv$|ps1 -WhatIf$|Export-Certificate -FilePath/.test(line))
      throw new Error(`what does "${line}" do?`)
  }
}

/** The balancer's part, in sh, with the one line edited that is to be. */
function followOnNginx(): void {
  const { line } = recipes.nginx.names!
  const lines = linesFor('lb1')
  expect(lines).toContain(line)
  execFileSync('sh', ['-c', lines.map((one) => (one === line ? `CHAIN=${chain}` : one)).join('\n')], {
    cwd: join(folder, 'fix'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: `${workspace.path}/bin:/usr/bin:/bin` },
  })
}

function follow(name: string): void {
  if (name !== 'lb1') followOnWindows(machine(name))
  else if (isReal) followOnNginx()
  else machine(name).mend()
}

/** Between two looks: a machine that changes in the middle of one is rightly told in two lines. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== farm.connections(); ) {
    before = farm.connections()
    await wait(500)
  }
}

describe.runIf(process.platform === 'linux')('the whole farm', () => {
  it('is told on one screen: a line for each machine, what is wrong, one cause, one fix', async () => {
    const { out, code } = await checked('--kit', 'fix')
    expect(code).toBe(2)
    await expect(still(out)).toMatchFileSnapshot('../../fixtures/watch/whole-farm-before.txt')
  })

  it('turns green machine by machine, while another process tells it', async () => {
    watch = spawn(
      process.execPath,
      [main, '--config', 'adfs-check.yaml', '--no-proxy', '--watch', '--interval', '2'],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LANG: 'C.UTF-8', ADFS_CHECK_CODE_CACHE: 'off' },
      },
    )
    let [out, err] = ['', '']
    watch.stdout!.on('data', (chunk) => {
      out += chunk
    })
    watch.stderr!.on('data', (chunk) => {
      err += chunk
    })
    const ended = new Promise<number | null>((done) => watch!.on('close', done))
    const said = async (text: string): Promise<void> => {
      for (let waited = 0; !out.includes(text); waited += 50) {
        if (waited > 20_000) throw new Error(`"${text}" was not said, but:\n${out}\n${err}`)
        await wait(50)
      }
    }
    await said('Watching ')

    let before = await rows()
    // The binding for connections without a name is no row of its own: phones do not meet it.
    machine('adfs3').mend()
    expect(await rows()).toEqual(before)
    // Proxies first, as the kit says.
    for (const name of ['wap1', 'wap2', 'adfs1', 'lb1']) {
      expect(before[name]).toMatch(/^refused /)
      await quiet()
      follow(name)
      await said(`${name} fixed`)
      // Workers of before a reload may answer beside the new ones for a moment.
      await wait(300)
      const after = await rows()
      expect(after).toEqual({ ...before, [name]: before.adfs2 })
      before = after
    }
    expect(await ended).toBe(0)
    expect(err).toBe('')
    const lines = still(out.slice(out.indexOf('Watching ')))
    await expect(lines).toMatchFileSnapshot('../../fixtures/watch/whole-farm.txt')
  }, 120_000)

  it('is well afterwards, and says so in a few lines', async () => {
    const { out, code } = await checked()
    expect(code).toBe(0)
    await expect(still(out)).toMatchFileSnapshot('../../fixtures/watch/whole-farm-after.txt')
  })
})
