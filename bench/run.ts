import { benchCapture } from './capture.js'
import { benchColdStart } from './cold-start.js'
import { table } from './measure.js'

/** `npm run bench`: every number that the documentation names, as Markdown. Build first: cold start measures `dist`. */
const rows = [...(await benchColdStart()), ...(await benchCapture())]
console.log(`Node.js ${process.version}, ${process.platform} ${process.arch}\n\n${table(rows)}`)
