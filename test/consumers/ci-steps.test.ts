import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startFarm } from '../../src/demo/farm.js'

/**
 * The very steps of action.yml and of the guide, in bash as each service starts it, against the demo's farm. Only `npx`
 * is ours: it runs this tree, with the options that lead to the farm on loopback.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-ci-'))
const farm = await startFarm()
const [broken, sound] = farm.servers.map(({ address, port }) => `${address}:${port}`)
mkdirSync(join(folder, 'bin'))
writeFileSync(join(folder, 'root.pem'), farm.root.pem)
writeFileSync(
  join(folder, 'bin/npx'),
  `#!/bin/sh
[ "$1" = --yes ] && [ "$2" = adfs-check@${JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version} ] || exit 99
shift 2
exec "${process.execPath}" --import "${import.meta.resolve('tsx')}" "${root}src/cli/main.ts" \\
  --trust-anchor "${folder}/root.pem" --server "$FARM_SERVER" --aia-allow-private --no-proxy "$@"
`,
  { mode: 0o755 },
)
afterAll(async () => {
  await farm.close()
  rmSync(folder, { recursive: true })
})

const work = join(folder, 'work')
beforeEach(() => {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
})

/** A script as a service runs it: not waited for in our own process, where the farm answers. */
async function bash(script: string, options: readonly string[], env: Record<string, string>) {
  const file = join(work, 'script.sh')
  writeFileSync(file, script)
  const child = spawn('bash', ['--noprofile', '--norc', ...options, file], {
    cwd: work,
    env: { PATH: `${folder}/bin:${process.env.PATH}`, LANG: 'C.UTF-8', ...env },
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

const here = (file: string): string => readFileSync(join(work, file), 'utf8')

/** The fenced YAML below a heading of the guide. */
function snippet(heading: string) {
  const guide = readFileSync(`${root}docs/guides/ci.md`, 'utf8')
  const section = guide.split(/^## /m).find((text) => text.startsWith(heading))!
  return parse(/```yaml\n([\s\S]*?)```/.exec(section)![1]!)
}

describe('action.yml', () => {
  const action = parse(readFileSync(`${root}action.yml`, 'utf8'))

  /** Runs all steps; values in `${{ }}` are filled in where the runner does it. */
  async function runAction(inputs: Record<string, string>, server: string) {
    const outputs: Record<string, string> = {}
    const given = (expression: string): string => {
      const [, input, output] = /^(?:inputs\.([a-z-]+)|steps\.check\.outputs\.([a-z-]+))$/.exec(expression)!
      return input ? (inputs[input] ?? action.inputs[input].default) : (outputs[output!] ?? '')
    }
    const log: string[] = []
    let code = 0
    writeFileSync(join(work, 'summary'), 'before\n')
    for (const step of action.runs.steps) {
      expect(step.run).not.toContain('${{')
      const env = Object.fromEntries(
        Object.entries(step.env as Record<string, string>).map(([name, value]) => [
          name,
          value.replace(/^\$\{\{ (.+) \}\}$/, (_, expression: string) => given(expression)),
        ]),
      )
      writeFileSync(join(work, 'output'), '')
      const ran = await bash(step.run, ['-eo', 'pipefail'], {
        ...env,
        FARM_SERVER: server,
        RUNNER_TEMP: work,
        GITHUB_OUTPUT: join(work, 'output'),
        GITHUB_STEP_SUMMARY: join(work, 'summary'),
      })
      log.push(ran.out, ran.err)
      for (const line of here('output').trim().split('\n')) {
        const [name, value] = line.split('=')
        if (value !== undefined) outputs[name!] = value
      }
      code = ran.code
      if (code !== 0) break
    }
    return { code, outputs, log: log.join('') }
  }

  it('fails on a broken server, with annotations, a summary and the problems for code scanning', async () => {
    const { code, outputs, log } = await runAction({ targets: `${farm.name}\n` }, broken!)
    expect(log).toMatch(/^::error title=sts\.contoso\.test%3A /m)
    expect(code).toBe(2)
    expect(outputs['exit-code']).toBe('2')
    expect(here('summary')).toMatch(/^before\n## `sts\.contoso\.test`/)
    const { runs } = JSON.parse(readFileSync(outputs.sarif!, 'utf8'))
    expect(runs[0].results.length).toBeGreaterThan(0)
    for (const { kind } of runs[0].results) expect(kind).toBe('fail')
    expect(readFileSync(outputs.junit!, 'utf8')).toContain('<failure type="critical"')
  }, 60_000)

  it('passes on a sound one, with options given one argument a line', async () => {
    const { code, outputs, log } = await runAction(
      { targets: farm.name, options: '--timeout\n5\n--offline\n' },
      sound!,
    )
    expect(log).not.toMatch(/::(error|warning)/)
    expect(code).toBe(0)
    expect(outputs['exit-code']).toBe('0')
  }, 60_000)

  it('lets a warning pass where only critical fails', async () => {
    const warn = { targets: farm.name, options: '--warn\n9999d\n--crit\n1d' }
    const lenient = await runAction({ ...warn, 'fail-on': 'critical' }, sound!)
    expect(lenient.log).toMatch(/^::warning /m)
    expect(lenient.code).toBe(0)
    expect((await runAction(warn, sound!)).code).toBe(1)
  }, 60_000)

  it('takes nothing in an input for code', async () => {
    const { code } = await runAction({ targets: '$(touch owned) `touch owned`; touch owned' }, sound!)
    expect(code).toBe(4)
    expect(existsSync(join(work, 'owned'))).toBe(false)
  }, 60_000)
})

describe('the guide', () => {
  it('GitHub: uses the action with inputs that it has', () => {
    const [step] = snippet('GitHub').jobs['adfs-check'].steps
    const { inputs } = parse(readFileSync(`${root}action.yml`, 'utf8'))
    for (const name of Object.keys(step.with)) expect(inputs).toHaveProperty(name)
  })

  it.each([
    ['broken', 2, 'Failed'],
    ['sound', 0, 'Succeeded'],
  ] as const)(
    'Azure: the step on a %s farm ends with %i',
    async (which, expected, result) => {
      const [step] = snippet('Azure').steps
      const { code, out } = await bash(step.bash, [], {
        ...step.env,
        ADFS_NAME: farm.name,
        FARM_SERVER: which === 'sound' ? sound! : broken!,
      })
      expect(code).toBe(expected)
      expect(out).toContain(`##vso[task.complete result=${result};]`)
      expect(out).toContain(`##vso[task.uploadsummary]${work}/adfs-check.md`)
      expect(here('adfs-check.md')).toContain(farm.name)
      expect(here(snippet('Azure').steps[1].inputs.testResultsFiles)).toContain('<testsuites')
    },
    60_000,
  )

  it('GitLab: the job fails and leaves both reports', async () => {
    const job = snippet('GitLab')['adfs-check']
    const { code, out } = await bash(job.script.join('\n'), ['-eo', 'pipefail'], {
      ADFS_NAME: farm.name,
      FARM_SERVER: broken!,
    })
    expect(code).toBe(2)
    expect(out).toContain('REFUSED')
    expect(JSON.parse(here(job.artifacts.reports.codequality))[0]).toMatchObject({ severity: 'critical' })
    expect(here(job.artifacts.reports.junit)).toContain('<failure')
  }, 60_000)
})
