import { describe, expect, it } from 'vitest'
import { toldBy, truthOf } from './expected.js'
import { names, type Recipe, recipeOf, textOf } from './recipe.js'
import { replay } from './render.js'

/**
 * What a recipe says of its farm is compared with the report before anybody looks at a golden: first cause, the
 * certificate it is about, servers, fix, who accepts, and what the fix promises.
 */
const told = async (name: string, recipe: Recipe) =>
  toldBy((await replay(textOf(name, 'case.json'))).report, recipe)

/** Where the program is known to say something else; a mended one fails here and is to be taken off the list. */
const toMend: readonly string[] = []

describe('the report says what is true', () => {
  it.each(names.filter((name) => !toMend.includes(name)))('%s', async (name) => {
    const recipe = recipeOf(name)
    expect(await told(name, recipe)).toEqual(truthOf(recipe))
  })
  it.fails.each(toMend)('%s, not yet', async (name) => {
    const recipe = recipeOf(name)
    expect(await told(name, recipe)).toEqual(truthOf(recipe))
  })
})

it('a recipe whose cause is exchanged for another one does not pass', async () => {
  const [one, other] = ['leaf-only', 'sha-1'].map(recipeOf) as [Recipe, Recipe]
  for (const [name, recipe] of [
    ['leaf-only', { ...one, cause: other.cause }],
    ['sha-1', { ...other, cause: one.cause }],
  ] as const)
    expect(await told(name, recipe), name).not.toEqual(truthOf(recipe))
})

it('there are enough scenarios, of enough causes', () => {
  expect(names.length).toBeGreaterThanOrEqual(40)
  expect(new Set(names.map((name) => recipeOf(name).cause)).size).toBeGreaterThanOrEqual(20)
})

it('every recipe says its cause, servers and fix before how the farm is built', () => {
  for (const name of names) {
    const keys = Object.keys(recipeOf(name))
    expect(keys.slice(0, 3), name).toEqual(['why', 'verdict', 'cause'])
    expect(keys.at(-1), name).toBe('farm')
  }
})
