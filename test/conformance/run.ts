import { basename } from 'node:path'
import { compareFile } from './compare.js'

/**
 * `npm run conformance -- FILE...`: lists every row where our verdict is not the recorded one, then one line per file
 * and column. Exit code 1 if a disagreement is not on the list of explained exceptions.
 */
const files = process.argv.slice(2)
if (files.length === 0) {
  process.stderr.write('usage: npm run conformance -- FILE...   (chains .jsonl[.gz], host names .tsv[.gz])\n')
  process.exit(2)
}
const summary: string[] = []
let unexplained = 0
for (const file of files) {
  const { agreed, disagreements } = compareFile(file)
  for (const { id, column, theirs, ours, theirReason, explained } of disagreements) {
    const note = explained === null ? '' : ` [explained: ${explained}]`
    const why = theirReason === '' ? '' : ` (${theirReason})`
    process.stdout.write(
      `${id} column ${column}: recorded ${theirs ? 'accepted' : 'refused'}${why}, ours ${ours}${note}\n`,
    )
    if (explained === null) unexplained++
  }
  for (const [column, agree] of agreed) {
    const disagree = disagreements.filter((row) => row.column === column).length
    summary.push(`${basename(file)} ${column} agree ${agree} disagree ${disagree}`)
  }
}
process.stdout.write(`${summary.join('\n')}\n`)
process.exitCode = unexplained > 0 ? 1 : 0
