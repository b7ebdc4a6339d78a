import { basename } from 'node:path'
import { compareRows } from './compare.js'
import { explanations } from './explained.js'
import { holdsHostNames, readRows } from './vectors.js'

/**
 * `npm run conformance -- FILE...`: lists every row where our verdict is not the recorded one, then one line per file
 * and column. Exit code 1 if one of them is neither explained nor marked as doubtful in the recording.
 */
const files = process.argv.slice(2)
if (files.length === 0) {
  process.stderr.write('usage: npm run conformance -- FILE...   (chains .jsonl[.gz], host names .tsv[.gz])\n')
  process.exit(2)
}
const summary: string[] = []
let unexplained = 0
for (const file of files) {
  const { agreed, rows, disagreements } = compareRows(readRows(file), holdsHostNames(file))
  const classOf = explanations(file)
  for (const disagreement of disagreements) {
    const { id, column, lookup, theirs, ours, theirReason, doubt } = disagreement
    const explanation = classOf(disagreement)
    const notes = [
      theirReason && ` (${theirReason})`,
      doubt && ` [doubt: ${doubt}]`,
      explanation && ` [explained: ${explanation}]`,
    ]
    const where = lookup === 'both' ? '' : ` (anchors by ${lookup})`
    process.stdout.write(
      `${id} ${column}${where}: recorded ${theirs ? 'accepted' : 'refused'}, ours ${ours}${notes.filter(Boolean).join('')}\n`,
    )
    if (explanation === null && doubt === null) unexplained++
  }
  for (const [column, agree] of agreed)
    summary.push(`${basename(file)} ${column} agree ${agree} disagree ${rows - agree}`)
}
process.stdout.write(`${summary.join('\n')}\n`)
process.exitCode = unexplained > 0 ? 1 : 0
