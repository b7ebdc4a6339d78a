import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { run } from '../../src/cli/program.js'
import { replaying } from '../../src/network/case.js'
import type { Network } from '../../src/network/network.js'
import { readCase } from '../../src/network/read-case.js'
import type { Report, ReportDocument } from '../../src/report/schema.js'
import { mint } from './certificates.js'
import { names, recipeOf, textOf } from './recipe.js'
import { goldens, replay } from './render.js'

/**
 * Every `adfs-check` line that is printed, on the screen and in a kit's README, is run as it stands, at the run's clock
 * and on the network of the case: it looks at servers of this farm and comes to the same judgement of each.
 */
let network: Network
vi.mock('../../src/network/live/live.js', () => ({ live: () => network }))

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-'))
const before = process.cwd()
beforeAll(() => process.chdir(folder))
afterAll(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true, force: true })
})

/** Words of a line as PowerShell, cmd and sh agree to read it. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)

class Written {
  text = ''
  write(more: string): void {
    this.text += more
  }
}

const linesIn = (text: string): string[] =>
  text.split('\n').filter((line) => /^adfs-check (?!explain|demo)/.test(line))

it.each(names)('%s', async (name) => {
  const recipe = recipeOf(name)
  const { saved, asked, at } = readCase(textOf(name, 'case.json'), name)
  const replayed = await replay(textOf(name, 'case.json'))
  const files = await goldens(replayed, recipe)
  const minted = mint(recipe.farm)
  for (const { path } of [
    ...asked.trustAnchors,
    ...asked.deviceCas,
    ...asked.remembered,
    ...asked.intermediates,
  ])
    writeFileSync(path, minted(path.replace(/\.pem$/, '')).pem)
  network = replaying(saved)
  const said = verdictsOf(replayed.report)
  const lines = [...files].filter(([file]) => /\.(txt|md)$/.test(file)).flatMap(([, text]) => linesIn(text))
  if (replayed.steps.some(({ argv }) => argv !== null)) expect(lines.length).toBeGreaterThan(0)
  for (const line of new Set(lines)) {
    const [, ...args] = words(line)
    const [out, err] = [new Written(), new Written()]
    await run([...args, ...(args.includes('--at') ? [] : ['--at', at.toISOString()]), '--format', 'json'], {
      out,
      err,
      env: {},
      platform: 'linux',
      now: at,
      signal: new AbortController().signal,
    })
    expect(err.text.replace(/^adfs-check: .* keeps the kit .*\n/, ''), line).toBe('')
    const again = verdictsOf((JSON.parse(out.text) as ReportDocument).reports[0]!)
    // Another name is another question, which the case has no answer to.
    if (args[0] !== asked.target) continue
    expect(again.size, line).toBeGreaterThan(said.size > 0 ? 0 : -1)
    for (const [subject, verdicts] of again)
      expect(verdicts, `${line}: ${subject}`).toEqual(said.get(subject))
  }
})

/** Per server: what was decided of which releases, by which rule, and what the servers are told to be guilty of. */
const verdictsOf = ({ subjects, findings }: Report): ReadonlyMap<string, unknown> =>
  new Map(
    subjects.map(({ id, verdicts }) => [
      id,
      {
        verdicts: verdicts.map(({ releases, verdict, rule, counts }) => ({
          releases,
          verdict,
          rule,
          counts,
        })),
        findings: findings
          .filter(({ severity, subjects: of }) => severity === 'critical' && of.includes(id))
          .map((finding) => finding.id),
      },
    ]),
  )
