import { listed, say, type Words } from '../words/words.js'
import type { Step } from './actions.js'
import { byTerminator, inSentence } from './devices.js'
import { probePath } from './facts.js'
import { recipes } from './recipes/recipes.js'
import { drainLines } from './recipes/windows.js'
import { machines, maxNamed, places, type SpeechContext, type Spoken } from './speech.js'
import { onWindows } from './who.js'

/** The way through a farm of several servers, and the way back. */

/**
 * Microsoft's order for a swap of certificates (AD FS FAQ), taken over for a chain. The probe is answered by adfssrv
 * itself, so that stopping it takes a node out; connections until the balancer notices fail.
 */
export function drained(step: Step, context: SpeechContext): readonly Spoken[] {
  const on = machines(step, context)
  const order = on.length > maxNamed ? say`: ${listed(on.map((id): Words => [{ subject: id }]))}` : []
  return onWindows(
    step,
    context,
    say`One server at a time, proxies first, in this order${order}. Before its turn take each out of the balancer; where the balancer asks ${{ code: `http://SERVER${probePath}` }} (port 80), stopping the service that answers it does so after the next probes`,
    [drainLines.out],
    say`Then the steps below there; ${{ code: drainLines.back }} brings it back with the new chain; check it by its own address before the next one`,
  )
}

/** By the recipe of each device; one line serves AD FS and its proxies, named or not. */
export function undone(step: Step, context: SpeechContext): readonly Spoken[] {
  const removed = context.plan.some(
    ({ action, on }) => action.verb === 'remove' && on.some((id) => step.on.includes(id)),
  )
  const kept = removed ? say`. What was removed is imported again from the file it was kept in` : []
  return byTerminator(step, context).flatMap(({ at, step: there }) => {
    const recipe = at ?? recipes.adfs
    const { text, lines } = recipe.stages({ file: '', server: context.server }).undo
    if (recipe.id === 'adfs' || recipe.id === 'wap')
      return onWindows(
        there,
        context,
        inSentence(['If it got worse, one server at a time'], say`${text}${kept}`),
        lines,
        null,
      )
    const who = say`If it got worse, whoever runs ${recipe.title} at ${places(there, context)}`
    return [{ who, text, lines, expected: null }]
  })
}
