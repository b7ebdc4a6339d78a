import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { builtProgram } from '../support/built.js'
import { tlsServer } from '../support/tls-server.js'
import { consumer, run } from './consumer.js'

/** The files of docs/guides/monitoring: read by what schedules, and their command lines run. */
const files = join(import.meta.dirname, '../../docs/guides/monitoring')
const textOf = (name: string) => readFileSync(join(files, name), 'utf8')

const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({ subject: 'sts.contoso.com', issuer: issuing, names: ['sts.contoso.com'] })
const [short, whole] = await Promise.all([tlsServer([leaf]), tlsServer([leaf, issuing])])
const built = builtProgram()
const folder = join(dirname(built), 'etc')
const bin = join(dirname(built), 'bin')
beforeAll(() => {
  for (const made of [folder, bin]) mkdirSync(made)
  writeFileSync(join(folder, 'root.pem'), root.pem)
  const program = join(bin, 'adfs-check')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(built, 'main.cjs')}' "$@"\n`)
  chmodSync(program, 0o755)
})
afterAll(async () => {
  await Promise.all([short.close(), whole.close()])
  rmSync(dirname(built), { recursive: true })
})

const policyFor = (port: number) => `policy: { trust-anchor: root.pem, offline: true, timeout: 3 }
farms:
  - { name: sts.contoso.com, servers: ["127.0.0.1:${port}"] }
`

/** A command line as the scheduler starts it, with our folder in the place of /etc/adfs-check. */
async function start(line: string, policy: string) {
  writeFileSync(join(folder, 'adfs-check.yaml'), policy)
  const [program, ...args] = line.replaceAll('/etc/adfs-check', folder).split(/\s+/)
  const env = { PATH: `${bin}:/usr/bin:/bin`, LANG: 'C.UTF-8', XDG_CACHE_HOME: folder, NO_PROXY: '*' }
  const child = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.err += text
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, ...ended }
}

const [, execStart] = /^ExecStart=(.*)$/m.exec(textOf('adfs-check.service'))!
const [, cronLine] = /^[\d* ]+ nobody (.*)$/m.exec(textOf('adfs-check.cron'))!
const [, pageLine] = /```\n(adfs-check --config .*)\n```/.exec(
  readFileSync(join(files, '../monitoring.md'), 'utf8'),
)!

it('all of them run one command line', () => {
  expect(execStart).toBe(`/usr/bin/env ${cronLine}`)
  expect(cronLine!.replace('/etc/adfs-check/', '')).toBe(pageLine)
  expect(textOf('adfs-check-task.cmd')).toContain(
    `call ${pageLine!.replace('adfs-check.yaml', '"%~dp0adfs-check.yaml"')}`,
  )
})

describe('what the service starts', () => {
  it.each<[string, string, number, RegExp, RegExp]>([
    ['a server that phones refuse', policyFor(short.port), 2, /intermediate-missing/, /^$/],
    ['a farm that is well', policyFor(whole.port), 0, /^$/, /^$/],
    ['a server that is down', policyFor(1), 3, /could-not-connect/, /^$/],
    ['a mistake in the file', 'farm: []\n', 4, /^$/, /adfs-check\.yaml:1:1: /],
  ])('%s', async (_what, policy, status, out, err) => {
    const ended = await start(execStart!, policy)
    expect(ended.status).toBe(status)
    expect(ended.out).toMatch(out)
    expect(ended.err).toMatch(err)
  })
})

consumer('systemd-analyze', '/usr/bin/systemd-analyze')('systemd reads the units', () => {
  const units = ['adfs-check.service', 'adfs-check.timer', 'adfs-check-failed@.service'].map((name) => {
    copyFileSync(join(files, name), join(folder, name))
    return join(folder, name)
  })
  // What it does not understand is a warning to it, and an error here.
  expect(run('/usr/bin/systemd-analyze', ['verify', '--man=no', ...units])).toBe('')
  const [, when] = /^OnCalendar=(.*)$/m.exec(textOf('adfs-check.timer'))!
  expect(run('/usr/bin/systemd-analyze', ['calendar', when!])).toMatch(/Normalized form: \*-\*-\* 06:00:00/)
  writeFileSync(units[0]!, `${textOf('adfs-check.service')}ExecStrat=/bin/true\n`)
  expect(run('/usr/bin/systemd-analyze', ['verify', '--man=no', units[0]!])).toContain('ExecStrat')
})

consumer('xmllint', '/usr/bin/xmllint')('the task is XML that Task Scheduler takes for ASCII', () => {
  const text = textOf('adfs-check-task.xml')
  expect(text).toMatch(/^[\x20-\x7e\n]*$/)
  // A declared encoding that is not the file's own is refused.
  expect(text).not.toContain('encoding=')
  const value = (path: string) =>
    run('/usr/bin/xmllint', ['--xpath', `string(//*[local-name()='${path}'])`, '-'], text).trim()
  expect(value('Command')).toBe('C:\\adfs-check\\adfs-check-task.cmd')
  // The scheduler kills a minute after the run would have ended by itself.
  const [, deadline] = /--deadline (\d+)/.exec(textOf('adfs-check-task.cmd'))!
  expect(value('ExecutionTimeLimit')).toBe(`PT${Number(deadline) / 60 + 1}M`)
})
