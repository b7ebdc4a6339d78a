import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { farmFrom, joinedFile, joinedNames, joinedRecipe, replayJoined } from '../test/scenarios/joined.js'
import { fileOf, names, recipeOf, textOf } from '../test/scenarios/recipe.js'
import { record } from '../test/scenarios/record.js'
import { goldens, replay } from '../test/scenarios/render.js'

/**
 * `npm run scenarios -- --record [name ...]` builds the farms of the recipes on loopback and keeps what they answer;
 * `--render [name ...]` makes the goldens anew from the kept cases. Recording renders, too. What changed is to be read in
 * the difference: a golden is no proof, only a memory.
 */
const [mode, ...wanted] = process.argv.slice(2)
const unknown = wanted.filter((name) => !names.includes(name) && !joinedNames.includes(name))
if ((mode !== '--record' && mode !== '--render') || unknown.length > 0) {
  console.error(
    unknown.length > 0
      ? `no such scenario: ${unknown.join(', ')}`
      : 'usage: scenarios --record|--render [name ...]',
  )
  process.exit(2)
}
for (const name of wanted.length > 0 ? wanted.filter((one) => names.includes(one)) : names) {
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
for (const name of wanted.length > 0 ? wanted.filter((one) => joinedNames.includes(one)) : joinedNames) {
  const recipe = joinedRecipe(name)
  if (mode === '--record')
    for (const label of Object.keys(recipe.farms))
      writeFileSync(joinedFile(name, `${label}-case.json`), await record(farmFrom(recipe, label)))
  for (const old of ['report.txt', 'report.json', 'kit'])
    rmSync(joinedFile(name, old), { recursive: true, force: true })
  const { farms, ...truth } = recipe
  const rendered = await goldens(await replayJoined(name), { ...truth, farm: Object.values(farms)[0]! })
  for (const [file, text] of rendered) {
    mkdirSync(dirname(joinedFile(name, file)), { recursive: true })
    writeFileSync(joinedFile(name, file), text)
  }
  console.log(name)
}
