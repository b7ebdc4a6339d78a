import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileOf, names, recipeOf, textOf } from '../test/scenarios/recipe.js'
import { record } from '../test/scenarios/record.js'
import { goldens, replay } from '../test/scenarios/render.js'

/**
 * `npm run scenarios -- --record [name ...]` builds the farms of the recipes on loopback and keeps what they answer;
 * `--render [name ...]` makes the goldens anew from the kept cases. Recording renders, too. What changed is to be read in
 * the difference: a golden is no proof, only a memory.
 */
const [mode, ...wanted] = process.argv.slice(2)
const unknown = wanted.filter((name) => !names.includes(name))
if ((mode !== '--record' && mode !== '--render') || unknown.length > 0) {
  console.error(
    unknown.length > 0
      ? `no such scenario: ${unknown.join(', ')}`
      : 'usage: scenarios --record|--render [name ...]',
  )
  process.exit(2)
}
for (const name of wanted.length > 0 ? wanted : names) {
  const recipe = recipeOf(name)
  if (mode === '--record') writeFileSync(fileOf(name, 'case.json'), await record(recipe.farm))
  for (const old of ['report.txt', 'report.json', 'verbose.txt', 'kit'])
    rmSync(fileOf(name, old), { recursive: true, force: true })
  for (const [file, text] of await goldens(await replay(textOf(name, 'case.json')), recipe)) {
    mkdirSync(dirname(fileOf(name, file)), { recursive: true })
    writeFileSync(fileOf(name, file), text)
  }
  console.log(name)
}
