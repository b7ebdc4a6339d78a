import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { recipes } from '../../src/adfs/recipes/recipes.js'
import { run } from '../../src/cli/program.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { chainSeenByOpenssl, has, type RunningServer, startProgram, Workspace } from '../support/peers.js'
import { mint } from './farm.js'

/**
 * The recipes that are said to be tried, tried: a real nginx or HAProxy sends the server certificate alone, the command
 * line writes the kit, its README is followed line by line in sh, the running server turns green, and its undo puts back
 * what was there. What is not the operator's to choose here stands in small programs of the same names in front: where
 * the configuration lies, and, for want of systemd, what HAProxy's unit does on reload.
 */

const name = 'sts.contoso.test'
const root = mint({ subject: 'Root', ca: true, key: 'rsa-2048' })
const ca = mint({ subject: 'Issuing CA', issuer: root, ca: true, key: 'rsa-2048' })
const leaf = mint({ subject: name, issuer: ca, names: [name], key: 'rsa-2048' })

interface Device {
  readonly program: 'nginx' | 'haproxy'
  /** The setting names a folder, of which every file is loaded. */
  readonly folder?: boolean
  /** The private key lies in the file with the certificate. */
  readonly together: boolean
}

const devices: readonly Device[] = [
  { program: 'nginx', together: false },
  { program: 'nginx', together: true },
  { program: 'haproxy', together: true },
  { program: 'haproxy', together: true, folder: true },
  { program: 'haproxy', together: false },
]

/** A program in front of the real one. */
function shim(workspace: Workspace, program: string, script: string): void {
  chmodSync(workspace.write(`bin/${program}`, `#!/bin/sh\n${script}\n`), 0o755)
}

async function start(workspace: Workspace, device: Device) {
  for (const folder of ['bin', 'certs', 'temp']) mkdirSync(join(workspace.path, folder))
  const pem = workspace.write('certs/sts.pem', device.together ? leaf.pem + leaf.keyPem : leaf.pem)
  chmodSync(pem, 0o600)
  // HAProxy looks for the key of sts.pem there, too.
  const key = device.together ? pem : workspace.write('certs/sts.pem.key', leaf.keyPem)
  const conf = join(workspace.path, device.program === 'nginx' ? 'nginx.conf' : 'haproxy.cfg')
  const server = await launch(workspace, device, pem, key)
  return { server, pem, conf }
}

function launch(workspace: Workspace, device: Device, pem: string, key: string): Promise<RunningServer> {
  const pid = join(workspace.path, 'pid')
  if (device.program === 'nginx') {
    const conf = (port: number) =>
      workspace.write(
        'nginx.conf',
        `daemon off; user root; pid ${pid}; error_log stderr; events {}
http { access_log off; client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
server { listen 127.0.0.1:${port} ssl; server_name ${name}; ssl_certificate ${pem}; ssl_certificate_key ${key}; } }`,
      )
    shim(workspace, 'nginx', `exec /usr/sbin/nginx -c ${workspace.path}/nginx.conf -p ${workspace.path} "$@"`)
    return startProgram('nginx', (port) => ['-c', conf(port), '-p', workspace.path], workspace)
  }
  shim(workspace, 'systemctl', `[ "$*" = "reload haproxy" ] && kill -USR2 "$(cat ${pid})"`)
  const conf = (port: number) =>
    workspace.write(
      'haproxy.cfg',
      `defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s
frontend f\n bind 127.0.0.1:${port} ssl crt ${device.folder ? join(workspace.path, 'certs') : pem}\n default_backend b\nbackend b\n server s 127.0.0.1:1\n`,
    )
  return startProgram('haproxy', (port) => ['-W', '-db', '-p', pid, '-f', conf(port)], workspace)
}

/** Workers go with their master, if it is asked. */
async function stop(workspace: Workspace, server: RunningServer): Promise<void> {
  const pid = Number(readFileSync(join(workspace.path, 'pid'), 'utf8').split('\n')[0])
  process.kill(pid, 'SIGTERM')
  await wait(300)
  await server.stop()
}

/** The command line as an administrator runs it. */
async function adfsCheck(...args: readonly string[]): Promise<{ code: number; report: ReportDocument }> {
  let out = ''
  const code = await run([...args, '--format', 'json'], {
    out: { write: (text) => (out += text) },
    err: { write: () => {} },
    env: {},
    platform: 'linux',
    now: new Date('2026-11-24T12:00:00Z'),
    signal: new AbortController().signal,
  })
  return { code, report: JSON.parse(out) as ReportDocument }
}

/** Lines to paste, up to the way back and of it. */
function linesOf(readme: string): { readonly there: readonly string[]; readonly back: readonly string[] } {
  const steps = readme.replaceAll('\r\n', '\n').split('## Steps')[1]!.split(/\n## /)[0]!
  const [there, back] = steps.split('If it got worse')
  const fenced = (text: string) =>
    [...text.matchAll(/```\n([\s\S]*?)\n```/g)]
      .flatMap(([, lines]) => lines!.split('\n'))
      .filter((line) => !line.startsWith('adfs-check '))
  return { there: fenced(there!), back: fenced(back!) }
}

describe.each(
  devices.filter(({ program }) => has(program)),
)('$program, key in the same file: $together, folder: $folder', (device) => {
  it('turns green by the lines of the README, and back by its undo', async () => {
    const workspace = new Workspace()
    const { server, pem, conf } = await start(workspace, device)
    try {
      const anchor = workspace.write('root.pem', root.pem)
      const issuers = workspace.write('ca.pem', ca.pem)
      const kit = join(workspace.path, 'fix')
      const check = (...more: readonly string[]) =>
        adfsCheck(
          ...[name, '--server', `127.0.0.1:${server.port}`, '--tls-ends-at', device.program],
          ...['--trust-anchor', anchor, '--intermediates', issuers, '--offline', ...more],
        )
      expect((await check('--kit', kit)).code).toBe(2)
      expect(readdirSync(kit).sort()).toEqual(['README.md', 'SHA256SUMS', 'fullchain.pem'])

      const before = readFileSync(pem)
      const { there, back } = linesOf(readFileSync(join(kit, 'README.md'), 'utf8'))
      const { line } = recipes[device.program].names!
      /** The one line that is to be edited names the file. */
      const follow = (lines: readonly string[]) => {
        expect(lines).toContain(line)
        const edited = lines.map((one) =>
          (one === line ? `${line.split('=')[0]}=${pem}` : one).replace('/etc/haproxy/haproxy.cfg', conf),
        )
        return execFileSync('sh', ['-c', edited.join('\n')], {
          cwd: kit,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { PATH: `${workspace.path}/bin:/usr/sbin:/usr/bin:/bin` },
        })
      }
      const shows = async (chain: readonly { der: Uint8Array }[]) => {
        const wanted = chain.map(({ der }) => Buffer.from(der).toString('hex'))
        // A reload takes as long as the new workers need to start, and for a moment old ones answer beside them.
        for (let tries = 0, inTurn = 0; tries < 100; tries++) {
          const seen = await chainSeenByOpenssl(server.port, name)
          const isWanted = seen.map((der) => der.toString('hex')).join() === wanted.join()
          inTurn = isWanted ? inTurn + 1 : 0
          if (inTurn === 5) return
          await wait(isWanted ? 20 : 100)
        }
        throw new Error(`the old list is still sent:\n${server.output()}`)
      }

      follow(there)
      await shows([leaf, ca])
      const green = await check()
      expect(green.code).toBe(0)
      expect(statSync(pem).mode & 0o777).toBe(0o600)
      // The key was not touched, and nothing but certificates was added.
      const without = (text: string) =>
        text.replace(/-----BEGIN CERTIFICATE[\s\S]*?END CERTIFICATE-----\s*/g, '')
      expect(without(readFileSync(pem, 'utf8')).trim()).toBe(without(before.toString()).trim())

      follow(back)
      await shows([leaf])
      expect(readFileSync(pem).equals(before)).toBe(true)
      expect((await check()).code).toBe(2)
    } finally {
      await stop(workspace, server)
    }
  })

  it('loses nothing where its lines are pasted in another folder', async () => {
    const workspace = new Workspace()
    mkdirSync(join(workspace.path, 'certs'))
    const pem = workspace.write('certs/sts.pem', leaf.pem + leaf.keyPem)
    const { save, change } = recipes[device.program].stages({ file: 'fullchain.pem', server: null })
    const { line } = recipes[device.program].names!
    const lines = [line.replace(/=.*/, `=${pem}`), ...save.lines, ...change.lines, 'true']
    execFileSync('sh', ['-c', lines.join('\n')], { cwd: workspace.path, stdio: 'ignore' })
    expect(readFileSync(pem, 'utf8')).toBe(leaf.pem + leaf.keyPem)
    workspace.remove()
  })
})
