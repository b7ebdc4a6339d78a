import { benchCapture } from './capture.js'
import { benchColdStart } from './cold-start.js'
import { table } from './measure.js'

/** `npm run bench`: every ratio that docs/reference/numbers.md names, as Markdown. Build first: cold start measures `dist`. */
const capture = (await benchCapture()).map(({ protocol, ours, tlsConnect }) => ({
  what: `client CPU per captured chain, ${protocol}`,
  peer: 'tls.connect',
  oursMs: ours / 1000,
  peerMs: tlsConnect / 1000,
  goal: 0.5,
}))
console.log(
  `Node.js ${process.version}, ${process.platform} ${process.arch}\n\n${table([...(await benchColdStart()), ...capture])}`,
)
