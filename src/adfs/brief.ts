import type { SubjectId } from '../farm/subject.js'
import { say, type Words } from '../words/words.js'
import type { Action, Step } from './actions.js'
import { harmless } from './addresses.js'
import { reissued, reset } from './brief-certificate.js'
import {
  at,
  type Brief,
  type BriefContext,
  changes,
  isAlone,
  isByHand,
  rolesOf,
  thumbprint,
} from './brief-context.js'
import { defaultKitFolder } from './commands.js'
import { deviceRegistrationService, services } from './facts.js'
import {
  certificationPath,
  certutilLine,
  deleteBindingLine,
  disablePurposes,
  exportedFile,
  findRootLine,
  removeLine,
  scriptLine,
  storeSwitch,
} from './recipes/windows.js'
import { notes, spoken } from './speak.js'
import { chainFileName, ports, type SpeechContext } from './speech.js'

export type { Brief, BriefContext } from './brief-context.js'

/**
 * The plan for a first screen: what ends the night and no more. What is for the case that it did not help (rebind,
 * reboot, looking around) is in `spoken` and in the kit; the script restarts the services where it can. One file: every
 * verb's short form beside the others, so that they read alike.
 */
export function briefly(plan: readonly Step[], context: BriefContext): readonly Brief[] {
  const has = (...verbs: readonly Action['verb'][]) => plan.some(({ action }) => verbs.includes(action.verb))
  const isChanged = has(...changes)
  const reissues = plan.filter(({ action }) => action.verb === 'reissue')
  const steps = plan.filter(
    ({ action, argv }, index) =>
      // What may not be the server's own is looked at before anything is changed there.
      !(action.verb === 'look' && action.at.kind !== 'own-certificate' && isChanged) &&
      // The kit is for what it has files for, and what is to be exported by hand is not in it.
      !(action.verb === 'save' && !has('import') && (!has('edit-bundle') || has('fetch-by-hand'))) &&
      // Several new certificates are one order.
      !(action.verb === 'reissue' && reissues[0]?.action !== action) &&
      // "Run it again" and "check again" may be one command.
      !(
        action.verb === 'confirm' &&
        plan.slice(0, index).some((other) => other.argv !== null && other.argv.join(' ') === argv?.join(' '))
      ),
  )
  return bundlesFirst(removalsFirst(steps)).flatMap((step) => told(step, { ...context, plan }, reissues))
}

/**
 * The script imports and restarts in one go, so what is to be removed goes before it: the services send what they hold
 * until then. Not where it has to name the root that is to be disabled.
 */
function removalsFirst(steps: readonly Step[]): readonly Step[] {
  if (steps.some(({ action }) => action.verb === 'disable-root')) return steps
  const rank = ({ action: { verb } }: Step) => (verb === 'remove' ? 1 : verb === 'import' ? 2 : null)
  const from = steps.findIndex((step) => rank(step) !== null)
  const moved = steps.filter((step) => rank(step) !== null).sort((a, b) => rank(a)! - rank(b)!)
  return from < 0
    ? steps
    : [
        ...steps.slice(0, from),
        ...moved,
        ...steps.filter((step, index) => index >= from && rank(step) === null),
      ]
}

/** What Windows never does by itself is more likely a balancer's doing. */
const bundlesFirst = (steps: readonly Step[]): readonly Step[] =>
  isAlone(steps) ? [...steps].sort((a, b) => rankAlone(a) - rankAlone(b)) : steps

const rankAlone = ({ action: { verb } }: Step): number =>
  ['edit-bundle', 'rebind', 'run-again', 'confirm'].indexOf(verb)

function told(step: Step, context: BriefContext, reissues: readonly Step[]): readonly Brief[] {
  const { action } = step
  const one = (text: Words, lines: readonly string[] = [], isAside = false): readonly Brief[] => [
    { text, lines, isAside },
  ]
  const on = at(step, context)
  switch (action.verb) {
    case 'import': {
      const removals = context.plan.filter((other) => isRemovedWith(step, other, context))
      const first = removals.flatMap((other) => removalOf(other, context))
      const folder = say`"${folderOf(context)}"`
      if (first.length > 0 && context.servers === 1)
        return one(say`Copy ${folder} there; then as administrator (line 1 removes the old one)`, [
          ...first,
          ...scripts(step, action, context),
        ])
      return one(
        say`Copy ${context.servers === 1 ? 'the folder ' : ''}${folder} to ${on}${step.on.length > 1 ? ', proxies first' : ''}; there, as administrator${first.length === 0 ? '' : ' (line 1 removes the old one)'}`,
        [...first, ...scripts(step, action, context)],
      )
    }
    case 'remove':
      if (context.plan.some((other) => isRemovedWith(other, step, context))) return []
      return one(
        say`${context.servers === 1 ? 'There' : say`On ${on}`}, as administrator, remove ${{ certificate: action.certificate }} ${{ code: thumbprint(action.certificate, context).slice(0, 8) }}`,
        removalOf(step, context),
      )
    case 'disable-root':
      return one(
        say`On ${on}, ${disablePurposes} (${action.root === null ? say`the self-signed twin of ${{ certificate: action.twinOf }}, if it is there` : [{ certificate: action.root }]}); else Windows goes on sending the chain that ends there`,
        action.root === null ? [] : [findRootLine(thumbprint(action.root, context))],
      )
    case 'restart':
      return restarted(step, context)
    case 'edit-bundle': {
      if (isByHand(context))
        return one(say`If a balancer ends TLS: it goes into the balancer's chain file.`, [], true)
      const file = { code: chainFileName(context.plan, action.chain) }
      return rolesOf(step, context).has('balancer')
        ? one(
            say`Give ${file} from the folder "${folderOf(context)}" to whoever runs the balancer (leaf first, no root)`,
          )
        : one(
            say`If a balancer ends TLS: give it ${file} from "${folderOf(context)}"${isAlone(context.plan) ? '' : ' instead'}.`,
            [],
            !isAlone(context.plan),
          )
    }
    case 'reissue':
      return reissued(step, reissues, context)
    case 'fetch-by-hand':
      return one(
        say`On ${on}, ${certificationPath}; export each above it but the topmost (Details > Copy to File) and import it${elsewhere(action.urls)}`,
        [certutilLine('CA', exportedFile)],
      )
    case 'delete-binding':
      return one(
        say`On ${on}, if nothing needs it, delete the binding for connections without a name`,
        ports(step, context).map(deleteBindingLine),
      )
    case 'confirm':
      return spoken(step, context).flatMap(({ lines }) =>
        one(
          say`Check again, from ${action.from === undefined ? 'here' : action.from}${notes(step, context)}`,
          lines,
        ),
      )
    case 'bind':
    case 'rebind':
      return reset(step, action.certificate, context)
    case 'reboot':
    case 'tidy':
      return []
    case 'renew-authority':
      return spoken(step, context).map(({ text, lines }) => ({
        text:
          lines.length > 0 ? say`Then, on ${on}, as administrator, import it and remove the old one` : text,
        lines,
        isAside: false,
      }))
    case 'repair-key':
      return spoken(step, context).map(({ text, lines }) => ({
        text:
          lines.length > 0
            ? text
            : say`If a balancer ends TLS: give it the certificate and its key together.`,
        lines,
        isAside: lines.length === 0,
      }))
    case 'exempt':
      return spoken(step, context).flatMap(({ who, text }) => one(say`${who}: ${text}`))
    case 'look':
    case 'save':
    case 'run-again':
    case 'check-by-name':
    case 'name-nodes':
      return spoken(step, context).flatMap(({ text, lines }) => one(text, lines))
  }
}

const removalOf = ({ action }: Step, context: BriefContext): readonly string[] =>
  action.verb === 'remove' ? [removeLine(thumbprint(action.certificate, context))] : []

/** One certificate goes and others come, on the same servers: one step. */
const isRemovedWith = (imports: Step, removal: Step, { plan }: BriefContext): boolean =>
  imports.action.verb === 'import' &&
  removal.action.verb === 'remove' &&
  imports.on.join() === removal.on.join() &&
  plan.filter(({ action }) => action.verb === 'remove').length === 1 &&
  !plan.some(({ action }) => action.verb === 'disable-root')

function scripts(
  step: Step,
  { store }: Action & { verb: 'import' },
  { plan }: BriefContext,
): readonly string[] {
  const switches = storeSwitch(store)
  return [
    scriptLine(...switches, '-WhatIf'),
    scriptLine(...switches, ...(isRestartedLater(step.on, plan) ? [] : ['-Restart'])),
  ]
}

/** A root is disabled between import and restart. */
const isRestartedLater = (on: readonly SubjectId[], plan: readonly Step[]): boolean =>
  plan.some(({ action, on: there }) => action.verb === 'disable-root' && there.some((id) => on.includes(id)))

function restarted(step: Step, context: BriefContext): readonly Brief[] {
  const imports = context.plan.filter(({ action }) => action.verb === 'import')
  const byScript = (id: SubjectId) =>
    imports.some(({ on }) => on.includes(id) && !isRestartedLater(on, context.plan))
  const on = step.on.filter((id) => !byScript(id))
  if (on.length === 0 && step.on.length > 0) return []
  const names = [...new Set([...services.wap, deviceRegistrationService])]
  return [
    {
      text: say`Then restart the services ${context.servers === 1 ? 'there' : say`on ${at({ ...step, on }, context)}`}`,
      lines: on.some((id) => imports.some((other) => other.on.includes(id)))
        ? [scriptLine('-Restart')]
        : [`Get-Service ${names.join(', ')} -ErrorAction SilentlyContinue | Restart-Service`],
      isAside: false,
    },
  ]
}

const elsewhere = (urls: readonly string[]): Words =>
  harmless(urls)
    .slice(0, 1)
    .flatMap((url) => say` (or get it from ${{ untrusted: url }})`)

const folderOf = ({ kit }: SpeechContext): Words => [
  { code: typeof kit === 'string' ? kit : defaultKitFolder },
]
