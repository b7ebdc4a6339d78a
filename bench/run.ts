import { execFileSync } from 'node:child_process'
import { benchCapture } from './capture.js'
import { table } from './measure.js'
import { benchWholeCommands } from './whole-commands.js'

/**
 * `npm run bench`: every ratio that docs/reference/numbers.md names, as Markdown. BENCH_NODE names another Node.js for the
 * whole commands; `npm run bench -- commands` leaves the capture out, `npm run bench -- bundle` measures the executables,
 * `npm run bench -- list [count]` long lists.
 */
if (process.argv[2] === 'bundle') {
  await (await import('./bundle.js')).benchBundle()
  process.exit()
}
if (process.argv[2] === 'list') {
  const { benchList } = await import('./list.js')
  console.log(await benchList(Number(process.argv[3] ?? 10_000)))
  process.exit()
}
const { rows, figures } = await benchWholeCommands()
const capture =
  process.argv[2] === 'commands'
    ? []
    : (await benchCapture()).map(({ protocol, ours, tlsConnect }) => ({
        what: `client CPU per captured chain, ${protocol}`,
        peer: 'tls.connect',
        oursMs: ours / 1000,
        peerMs: tlsConnect / 1000,
        goal: 0.5,
      }))
const version = execFileSync(process.env.BENCH_NODE ?? process.execPath, ['--version'], { encoding: 'utf8' })
console.log(
  `Node.js ${version.trim()}, ${process.platform} ${process.arch}\n\n${table([...rows, ...capture])}\n`,
)
for (const figure of figures) console.log(`- ${figure}`)
