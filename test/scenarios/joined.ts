import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkFrom } from '../../src/check.js'
import { joinedAsked } from '../../src/farm/vantage.js'
import { replaying } from '../../src/network/case.js'
import { readCase } from '../../src/network/read-case.js'
import type { FarmRecipe, Recipe } from './recipe.js'
import type { Replayed } from './render.js'

/**
 * A scenario that is seen from several places (`fixtures/joined/<name>/recipe.json`): as other recipes, with a farm for
 * each place; `certificates` are of all of them.
 */
export interface JoinedRecipe extends Omit<Recipe, 'farm'> {
  readonly farms: Readonly<Record<string, FarmRecipe>>
  readonly certificates?: FarmRecipe['certificates']
}

export const joinedFolder = join(import.meta.dirname, '../../fixtures/joined')
export const joinedNames: readonly string[] = readdirSync(joinedFolder)
export const joinedFile = (name: string, file: string): string => join(joinedFolder, name, file)
export const joinedText = (name: string, file: string): string => readFileSync(joinedFile(name, file), 'utf8')
export const joinedRecipe = (name: string) => JSON.parse(joinedText(name, 'recipe.json')) as JoinedRecipe

/** The farm as one place sees it. */
export const farmFrom = ({ farms, certificates = {} }: JoinedRecipe, label: string): FarmRecipe => ({
  ...farms[label]!,
  certificates: { ...certificates, ...farms[label]!.certificates },
})

export const casesOf = (recipe: JoinedRecipe): readonly string[] =>
  Object.keys(recipe.farms).map((label) => `${label}-case.json`)

/** As `adfs-check join` judges cases by their labels. */
export async function judgeJoined(texts: Readonly<Record<string, string>>): Promise<Replayed> {
  const labels = Object.keys(texts)
  const cases = labels.map((label) => {
    const path = `${label}-case.json`
    return { ...readCase(texts[label]!, path), path, label }
  })
  const asked = joinedAsked(cases, [])
  const at = new Date(Math.max(...cases.map((one) => one.at.getTime())))
  const views = cases.map(({ label, asked: here, at: then, saved }) => ({
    vantage: { label, at: then },
    asked: here,
    network: replaying(saved),
  }))
  const hooks = { concurrency: 1, pause: async () => true }
  return { ...(await checkFrom(views, asked, at, hooks)), asked, at }
}

export const replayJoined = (name: string): Promise<Replayed> =>
  judgeJoined(
    Object.fromEntries(
      Object.keys(joinedRecipe(name).farms).map((label) => [label, joinedText(name, `${label}-case.json`)]),
    ),
  )
