import { say, type Words } from '../words/words.js'
import type { Step } from './actions.js'
import { at, type Brief, type BriefContext } from './brief-context.js'
import { intermediatesFile, type Recipe } from './recipes/recipe.js'
import { chainFileName, hasFolders } from './speech.js'

/** A chain for a device whose recipe is known: its lines where they were tried, else which setting holds the chain. */
export function deviceBundle(
  recipe: Recipe,
  step: Step,
  chain: readonly string[],
  folder: Words,
  context: BriefContext,
): readonly Brief[] {
  const file = chainFileName(context.plan, chain)
  const { title, names, takes } = recipe
  const there = at(step, context)
  const from = say`${hasFolders(context) ? 'its own folder of ' : ''}"${folder}"`
  if (names) {
    const { save, change, apply } = recipe.stages({ file, server: context.server })
    return [
      {
        text: say`Copy ${{ code: file }} from ${from} to ${title} on ${there}; there, as root, with the file that ${{ code: names.setting }} names in line 1`,
        lines: [names.line, ...[save, change, apply].flatMap(({ lines }) => lines)],
        isAside: false,
      },
    ]
  }
  const what = {
    fullchain: say`${{ code: file }} from ${from}`,
    intermediates: say`${{ code: intermediatesFile(file) }} from ${from}`,
    each: say`the ${{ code: '.pem' }} files of ${from}`,
  }[takes]
  const where = recipe.chain === null ? say`leaf first, no root` : recipe.chain(file)
  return [
    {
      text: say`Give ${what} to whoever runs ${title} at ${there}. Not tried here: ${where}`,
      lines: [],
      isAside: false,
    },
  ]
}
