import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { builtProgram } from '../test/support/built.js'
import { killAtRandom } from '../test/support/killing.js'

/** `npm run kill`: 200 checks ended at random moments without a kit, 200 with; nothing may be lost. */
const folder = builtProgram()
try {
  let faults = 0
  for (const withKit of [false, true]) {
    const killed = await killAtRandom(join(folder, 'main.cjs'), Number(process.argv[2] ?? 200), withKit)
    console.log(withKit ? 'with --kit' : 'without --kit', killed.runs, 'runs', killed.ends)
    for (const fault of killed.faults) console.log(`  ${fault}`)
    faults += killed.faults.length
  }
  process.exitCode = faults === 0 ? 0 : 1
} finally {
  rmSync(dirname(folder), { recursive: true, force: true })
}
