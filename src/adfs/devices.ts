import { endingTls, type SubjectId, type Terminator } from '../farm/subject.js'
import { listed, say, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Step } from './actions.js'
import { harmless } from './addresses.js'
import { type Given, origin, type Recipe, type Stage } from './recipes/recipe.js'
import { recipes } from './recipes/recipes.js'
import { chainFileName, places, type SpeechContext, type Spoken } from './speech.js'
import { bundleKeeper, onWindows } from './who.js'

/** Steps at a device that ends TLS and is not Windows, or where the operator said which it is: by its recipe. */

/** The step once for each device that it concerns; null: servers of which nobody said. */
export function byTerminator(
  step: Step,
  { subject }: SpeechContext,
): readonly { readonly at: Recipe | null; readonly step: Step }[] {
  const groups = new Map<Terminator | null, SubjectId[]>()
  for (const id of step.on) {
    const served = subject(id)
    const at = served ? endingTls(served) : null
    groups.set(at, [...(groups.get(at) ?? []), id])
  }
  if (groups.size === 0) return [{ at: null, step }]
  return [...groups].map(([at, on]) => ({ at: at && recipes[at], step: { ...step, on } }))
}

/** As far as devices with a recipe of their own are concerned, Windows aside. */
export const atDevices = (step: Step, context: SpeechContext) =>
  byTerminator(step, context).flatMap(({ at, step: there }) =>
    at && at.id !== 'adfs' && at.id !== 'wap' ? [{ at, step: there }] : [],
  )

export const keeperOf = ({ title }: Recipe, step: Step, context: SpeechContext): Words =>
  say`Whoever runs ${title} at ${places(step, context)}`

/** Who and what as one sentence, for a screen with little room. */
export function inSentence(who: Words, [first, ...rest]: Words): Words {
  const lower =
    typeof first === 'string' ? `${first.charAt(0).toLowerCase()}${first.slice(1)}` : (first ?? '')
  return say`${who}: ${[lower, ...rest]}`
}

export function staged(recipe: Recipe, which: readonly Stage[], given: Given, who: Words): readonly Spoken[] {
  const told = recipe.stages(given)
  return which.map((stage) => ({
    who,
    ...told[stage],
    expected: stage === 'change' && recipe.chain !== null ? origin(recipe) : null,
  }))
}

/** For whoever keeps a bundle: by the recipe of his device, else what every device is to hold. */
export function bundled(
  step: Step,
  { chain }: Action & { verb: 'edit-bundle' },
  context: SpeechContext,
): readonly Spoken[] {
  const file = chainFileName(context.plan, chain)
  const called = (some: readonly Sha256[]) => listed(some.map((sha256): Words => [{ certificate: sha256 }]))
  return byTerminator(step, context).flatMap(({ at, step: there }) => {
    if (at === null) return [anyBundle(there, file, called(chain), context)]
    const given = { file, server: context.server }
    const [look, save, change, apply, verify] = staged(
      at,
      ['look', 'save', 'change', 'apply', 'verify'],
      given,
      keeperOf(at, there, context),
    )
    const held = at.takes === 'fullchain' || chain.length === 1 ? chain : chain.slice(1)
    const put = { ...change!, text: say`${change!.text}: ${called(held)}, in this order, without the root` }
    return [look!, save!, put, apply!, verify!]
  })
}

function anyBundle(step: Step, file: string, certificates: Words, context: SpeechContext): Spoken {
  const isFile = step.on.length > 0 && step.on.every((id) => context.subject(id)?.kind === 'file')
  return {
    who: isFile ? say`If the file is for a balancer or another proxy` : bundleKeeper(step, context),
    text: say`Give it ${{ code: file }}: ${certificates}, in this order, without the root`,
    lines: [],
    expected: say`Windows' stores do not matter there. Microsoft does not support ending TLS in front of AD FS`,
  }
}

/** A certificate and key that a device is to have; how it takes a chain is in its recipe. */
export const given = (step: Step, what: Words, context: SpeechContext): readonly Spoken[] =>
  atDevices(step, context).map(({ at, step: there }) => ({
    who: keeperOf(at, there, context),
    text: what,
    lines: [],
    expected: at.chain === null ? null : say`The chain: ${at.chain('the file with its chain')}`,
  }))

/** The issuer that could not be fetched, where no certificate manager helps. */
export const obtained = (
  step: Step,
  { child, urls }: Action & { verb: 'fetch-by-hand' },
  context: SpeechContext,
): readonly Spoken[] => {
  const offered = harmless(urls).map((url): Words => [{ untrusted: url }])
  return given(
    step,
    say`Get the issuer of ${{ certificate: child }}${offered.length === 0 ? ' from its authority' : say` from ${listed(offered)} or its authority`}, and put it behind that in the chain; this check proves it with ${{ code: '--intermediates' }} and the file`,
    context,
  )
}

/** Where the operator said that Windows ends TLS: what is looked at and kept before an import. */
export const windowsFirst = (step: Step, context: SpeechContext): readonly Spoken[] =>
  byTerminator(step, context).flatMap(({ at, step: there }) =>
    at === null
      ? []
      : (['look', 'save'] as const).flatMap((stage) => {
          const { text, lines } = at.stages({ file: '', server: context.server })[stage]
          return onWindows(there, context, text, lines, null)
        }),
  )
