import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

/** The commands of the guide to long lists, in the shells that would run them. Only `npx` is ours: it runs this tree. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-shards-'))
const guide = readFileSync(join(root, 'docs/guides/long-lists.md'), 'utf8')
const targets: string[] = []
/** Hangs up at once: what is asked here is who was asked. */
const server = createServer((socket) => socket.destroy())
beforeAll(async () => {
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (let n = 1; n <= 25; n++) targets.push(`127.0.2.${n}:${port}`)
  writeFileSync(join(folder, 'targets.txt'), `# a comment\n${targets.join('\n')}\n`)
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'bin/npx'),
    `#!/bin/sh
[ "$1" = --yes ] && [ "$2" = adfs-check@${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version} ] || exit 99
shift 2
exec "${process.execPath}" --import "${import.meta.resolve('tsx')}" "${root}/src/cli/main.ts" --no-proxy --offline --timeout=3 "$@" --retries=0
`,
    { mode: 0o755 },
  )
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const snippet = (heading: string) =>
  parse(/```yaml\n([\s\S]*?)```/.exec(guide.split(/^### /m).find((text) => text.startsWith(heading))!)![1]!)

async function shell(program: readonly string[], env: Record<string, string>, cwd = folder) {
  const [command, ...args] = program
  const child = spawn(command!, args, {
    cwd,
    env: { PATH: `${folder}/bin:${process.env.PATH}`, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  child.stderr.on('data', (data) => {
    err += data
  })
  const [code] = await once(child, 'close')
  return { code: code as number, out, err }
}

const farmsIn = (ndjson: string): string[] =>
  ndjson
    .trim()
    .split('\n')
    .map((line) => {
      const { farm } = JSON.parse(line) as { farm: { id: string; ports: number[] } }
      return `${farm.id}:${farm.ports[0]}`
    })

describe('every target is checked by one machine', () => {
  it('of a Kubernetes CronJob', async () => {
    const { spec } = snippet('Kubernetes').spec.jobTemplate
    const [{ command, args }] = spec.template.spec.containers
    const ran = await Promise.all(
      Array.from({ length: spec.completions }, (_, index) => {
        const script = args[0].replace('/etc/adfs-check/', `${folder}/`)
        return shell([...command, script], { JOB_COMPLETION_INDEX: String(index) })
      }),
    )
    expect(ran.map(({ err }) => err).join('')).toBe('')
    expect(ran.flatMap(({ out }) => farmsIn(out)).sort()).toEqual([...targets].sort())
    // Nobody answers: that is tried again.
    for (const { code } of ran) expect(code).toBe(3)
    const [rule] = spec.podFailurePolicy.rules
    expect(rule.onExitCodes.values).not.toContain(3)
  })

  it('of a GitHub matrix', async () => {
    const job = snippet('GitHub Actions').jobs['adfs-check']
    const { run, env } = job.steps.find((step: { run?: string }) => step.run)
    expect(env.SHARD).toMatch(/^\$\{\{ matrix\.shard \}\}$/)
    const parts = await Promise.all(
      (job.strategy.matrix.shard as number[]).map(async (shard) => {
        await shell(['bash', '-e', '-c', run], { SHARD: String(shard) })
        return readFileSync(join(folder, `part-${shard}.ndjson`), 'utf8')
      }),
    )
    expect(parts.flatMap(farmsIn).sort()).toEqual([...targets].sort())
  })

  it('of GitLab jobs in parallel', async () => {
    const job = snippet('GitLab CI')['adfs-check']
    const names = await Promise.all(
      Array.from({ length: job.parallel }, async (_, index) => {
        const env = { CI_NODE_INDEX: String(index + 1), CI_NODE_TOTAL: String(job.parallel) }
        const checkout = join(folder, `runner-${index}`)
        mkdirSync(checkout)
        copyFileSync(join(folder, 'targets.txt'), join(checkout, 'targets.txt'))
        await shell(['bash', '-e', '-c', job.script.join('\n')], env, checkout)
        const report = readFileSync(join(checkout, 'adfs-check.xml'), 'utf8')
        return targets.filter((target) => report.includes(target))
      }),
    )
    expect(names.flat().sort()).toEqual([...targets].sort())
  })
})
