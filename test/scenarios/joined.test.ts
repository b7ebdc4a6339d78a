import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toldBy, truthOf } from './expected.js'
import {
  casesOf,
  farmFrom,
  type JoinedRecipe,
  joinedFile,
  joinedNames,
  joinedRecipe,
  joinedText,
  judgeJoined,
  replayJoined,
} from './joined.js'
import type { Recipe } from './recipe.js'
import { record } from './record.js'
import { goldens } from './render.js'

/** As the recipes of one place are read: certificates of all places go by their names. */
function asRecipe(name: string): Recipe {
  const { farms, certificates: _, ...truth } = joinedRecipe(name)
  return { ...truth, farm: farmFrom(joinedRecipe(name), Object.keys(farms)[0]!) }
}

describe('what is seen from several places', () => {
  it.each(joinedNames)('%s: the report says what is true', async (name) => {
    const recipe = asRecipe(name)
    expect(toldBy((await replayJoined(name)).report, recipe)).toEqual(truthOf(recipe))
  })

  it.each(joinedNames)('%s: its cases give its goldens byte for byte', async (name) => {
    const recipe = joinedRecipe(name)
    const files = await goldens(await replayJoined(name), asRecipe(name))
    for (const [file, text] of files) expect(text, file).toBe(joinedText(name, file))
    expect(readdirSync(joinedFile(name, '.'), { recursive: true }).map(String).sort()).toEqual(
      [
        ...files.keys(),
        'recipe.json',
        ...casesOf(recipe),
        ...(files.has('kit/README.md') ? ['kit'] : []),
      ].sort(),
    )
  })

  it('the farms answer today as they did when they were recorded', async () => {
    const recipe = joinedRecipe('inspected-by-copy')
    for (const label of Object.keys(recipe.farms))
      expect(await record(farmFrom(recipe, label)), label).toBe(
        joinedText('inspected-by-copy', `${label}-case.json`),
      )
  })
})

describe('TLS inspection is said where it is proven, and nowhere else', () => {
  const findings = async (change: (text: string) => string, name: string) => {
    const recipe = JSON.parse(change(JSON.stringify(joinedRecipe(name)))) as JoinedRecipe
    const texts: Record<string, string> = {}
    for (const label of Object.keys(recipe.farms)) texts[label] = await record(farmFrom(recipe, label))
    const { report } = await judgeJoined(texts)
    return report.findings.filter(({ severity }) => severity !== 'info').map(({ id }) => id)
  }

  it('one second between the dates is chance enough', async () => {
    const ids = await findings(
      (text) => text.replace('"to":"2027-04-02T00:00:00Z"', '"to":"2027-04-02T00:00:01Z"'),
      'inspected-by-copy',
    )
    expect(ids).not.toContain('tls-inspected')
    expect(ids[0]).toBe('vantage-points-differ')
  })

  it('a name that is missing, too', async () => {
    const ids = await findings(
      (text) =>
        text.replace('"names":["sts.contoso.com","certauth.sts.contoso.com",', '"names":["sts.contoso.com",'),
      'inspected-by-copy',
    )
    expect(ids).not.toContain('tls-inspected')
  })

  it("a product's authority whose certificate is not for the name is that device's own", async () => {
    const ids = await findings(
      (text) =>
        text.replace(
          /"keyName":"forged for sts.contoso.com",(.*?)"names":\[[^\]]*\]/,
          '"keyName":"forged for sts.contoso.com",$1"names":["gateway.contoso.com"]',
        ),
      'inspected-by-product',
    )
    expect(ids).not.toContain('tls-inspected')
  })
})
