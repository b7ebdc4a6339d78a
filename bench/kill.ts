import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { builtProgram } from '../test/support/built.js'
import { killAtRandom, killWithState } from '../test/support/killing.js'

/** `npm run kill`: 200 checks ended at random moments without a kit, 200 with, 200 with --state; nothing may be lost. */
const folder = builtProgram()
try {
  let faults = 0
  const main = join(folder, 'main.cjs')
  const runs = Number(process.argv[2] ?? 200)
  for (const [what, kill] of [
    ['without --kit', () => killAtRandom(main, runs, false)],
    ['with --kit', () => killAtRandom(main, runs, true)],
    ['with --state', () => killWithState(main, runs)],
  ] as const) {
    const killed = await kill()
    console.log(what, killed.runs, 'runs', killed.ends)
    for (const fault of killed.faults) console.log(`  ${fault}`)
    faults += killed.faults.length
  }
  process.exitCode = faults === 0 ? 0 : 1
} finally {
  rmSync(dirname(folder), { recursive: true, force: true })
}
