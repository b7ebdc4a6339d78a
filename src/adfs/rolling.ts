import { listed, say, type Words } from '../words/words.js'
import type { Step } from './actions.js'
import { byTerminator, staged } from './devices.js'
import { probePath } from './facts.js'
import { scriptUndoLine } from './recipes/by-hand.js'
import { drainLines } from './recipes/windows.js'
import { chainFileName, places, type SpeechContext, type Spoken } from './speech.js'
import { onWindows } from './who.js'

/** The way through a farm of several servers, and the way back. */

/** More than these are counted where steps name them (`places`). */
const maxListed = 4

/**
 * Microsoft's order for a swap of certificates (AD FS FAQ), taken over for a chain. The probe is answered by adfssrv
 * itself, so that stopping it takes a node out; connections until the balancer notices fail.
 */
export function drained(step: Step, context: SpeechContext): readonly Spoken[] {
  const { on } = step
  const order = on.length > maxListed ? say`: ${listed(on.map((id): Words => [{ subject: id }]))}` : []
  return onWindows(
    step,
    context,
    say`One server at a time, proxies first, in this order${order}. Before its turn take each out of the balancer; where the balancer asks ${{ code: `http://SERVER${probePath}` }} (port 80), stopping the service that answers it does so after the next probes`,
    [drainLines.out],
    say`Then the steps below there; ${{ code: drainLines.back }} brings it back with the new chain; check it by its own address before the next one`,
  )
}

/** Only what was done by script or to a saved file can be put back by a line. */
export function undone(step: Step, context: SpeechContext): readonly Spoken[] {
  const removed = context.plan.some(
    ({ action, on }) => action.verb === 'remove' && on.some((id) => step.on.includes(id)),
  )
  const chains = context.plan.flatMap(({ action, on }) =>
    action.verb === 'edit-bundle' && on.some((id) => step.on.includes(id)) ? [action.chain] : [],
  )
  return byTerminator(step, context).flatMap(({ at, step: there }) => {
    if (at === null || at.id === 'adfs' || at.id === 'wap')
      return onWindows(
        there,
        context,
        say`If it got worse, take back what the script added, one server at a time, in the folder there${removed ? say`. What was removed is in this run's JSON report, as PEM` : []}`,
        [scriptUndoLine],
        null,
      )
    const file = chainFileName(context.plan, chains[0] ?? [])
    const who = say`If it got worse, whoever runs ${at.title} at ${places(there, context)}`
    return staged(at, ['undo'], { file, server: context.server }, who)
  })
}
