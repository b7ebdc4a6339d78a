/**
 * Writes what this program knows of stores, catalogue, root lists and logs into one file, for `--trust-data` of an older
 * program: `npm run trust-data -- FILE`, after the data was renewed. The same data gives the same bytes.
 */
import { writeFileSync } from 'node:fs'
import { builtIn, dateOf } from '../../src/android/trust-data.js'
import { readTrustData } from '../../src/farm/trust-data.js'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the file: npm run trust-data -- adfs-check-trust-data.json')
// One row a line where rows are: what changed between two files can be read.
const text = `${JSON.stringify({ trustDataVersion: 1, ...builtIn }, null, 1)}\n`
const { id } = readTrustData(Buffer.from(text), file)
writeFileSync(file, text)
console.log(
  `${file}: trust data of ${dateOf(builtIn)}, ${Buffer.byteLength(text)} bytes, SHA-256 ${id.sha256}`,
)
