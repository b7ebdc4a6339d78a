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
  rootNote,
  thumbprint,
} from './brief-context.js'
import { deviceBundle } from './brief-device.js'
import { defaultKitFolder } from './commands.js'
import { atDevices, byTerminator, inSentence, obtained } from './devices.js'
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
import { chainFileName, hasFolders, ports, restartsByScript, type SpeechContext } from './speech.js'
import { onlyWindows } from './who.js'

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
  return bundlesFirst(steps).flatMap((step) => told(step, { ...context, plan }, reissues))
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
      const [removal] = context.plan.filter((other) => isRemovedWith(step, other, context))
      const own = hasFolders(context)
      const folder = say`${own ? 'its own folder of ' : ''}"${folderOf(context)}"`
      const machines = own && step.on.length > 1 ? say`each of ${on}` : on
      const lines = scripts(step, action, context)
      const many = step.on.length > 1 ? ', proxies first' : ''
      if (!removal)
        return [
          ...one(
            say`Copy ${context.servers === 1 ? 'the folder ' : ''}${folder} to ${machines}${many}; there, as administrator`,
            lines,
          ),
          ...doubted(step, context),
        ]
      const again = scriptLine(...storeSwitch(action.store), '-Restart')
      return [
        ...one(
          context.servers === 1
            ? say`Copy ${folder} there; then as administrator (line 3 removes the old one)`
            : say`Copy ${folder} to ${machines}${many}; there, as administrator (line 3 removes the old one${removal.on.length < step.on.length ? say`: on ${at(removal, context)} only` : []})`,
          [...lines, ...removalOf(removal, context), again],
        ),
        ...doubted(step, context),
      ]
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
        return byTerminator(step, context).some(({ at: recipe }) => recipe === null)
          ? one(say`If a balancer ends TLS: it goes into the balancer's chain file.`, [], true)
          : []
      return byTerminator(step, context).flatMap(({ at: recipe, step: own }) =>
        recipe === null
          ? anyBundle(own, action.chain, context)
          : deviceBundle(recipe, own, action.chain, folderOf(context), context),
      )
    }
    case 'reissue':
      return reissued(step, reissues, context)
    case 'fetch-by-hand':
      return [
        ...(onlyWindows(step, context) === null
          ? []
          : one(
              say`On ${on}, ${certificationPath}; export each above it but the topmost (Details > Copy to File) and import it${elsewhere(action.urls)}`,
              [certutilLine('CA', exportedFile)],
            )),
        ...obtained(step, action, context).flatMap(({ who, text }) => one(inSentence(who, text))),
      ]
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
    case 'drain':
    case 'undo':
    case 'tidy':
      return []
    case 'renew-authority':
      return spoken(step, context).map(({ text, lines }) => ({
        text:
          lines.length > 0 ? say`Then, on ${on}, as administrator, import it and remove the old one` : text,
        lines,
        isAside: false,
      }))
    case 'repair-key': {
      const devices = atDevices(step, context)
      return spoken(step, context).flatMap(({ who, text, lines }) =>
        lines.length > 0
          ? one(text, lines)
          : devices.length > 0
            ? one(inSentence(who, text))
            : one(say`If a balancer ends TLS: give it the certificate and its key together.`, [], true),
      )
    }
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

/** Windows was named, and sends what Windows does not send. */
const doubted = (step: Step, { subject }: BriefContext): readonly Brief[] =>
  step.on.some((id) => subject(id)?.tlsEndsAt !== null && subject(id)?.sendsRoot)
    ? [
        {
          text: say`Windows leaves the root out, which is sent here: see first what answers there.`,
          lines: [],
          isAside: true,
        },
      ]
    : []

/** Where nobody said who ends TLS. */
function anyBundle(step: Step, chain: readonly string[], context: BriefContext): readonly Brief[] {
  const file = { code: chainFileName(context.plan, chain) }
  const folder = folderOf(context)
  const alone = isAlone(context.plan)
  return [
    {
      text: say`${rootNote(step, context)}If a balancer ends TLS: give it ${file} from "${folder}"${alone ? '' : ' instead'}.`,
      lines: [],
      isAside: !alone,
    },
  ]
}

const removalOf = ({ action }: Step, context: BriefContext): readonly string[] =>
  action.verb === 'remove' ? [removeLine(thumbprint(action.certificate, context))] : []

/** One certificate goes where others come: one step. */
const isRemovedWith = (imports: Step, removal: Step, { plan }: BriefContext): boolean =>
  imports.action.verb === 'import' &&
  removal.action.verb === 'remove' &&
  removal.on.length > 0 &&
  removal.on.every((id) => imports.on.includes(id)) &&
  plan.filter(({ action }) => action.verb === 'remove').length === 1 &&
  !plan.some(({ action }) => action.verb === 'disable-root')

const scripts = (
  { on }: Step,
  { store }: Action & { verb: 'import' },
  { plan }: BriefContext,
): readonly string[] => {
  const switches = storeSwitch(store)
  const restart = on.every((id) => restartsByScript(id, plan)) ? ['-Restart'] : []
  return [scriptLine(...switches, '-WhatIf'), scriptLine(...switches, ...restart)]
}

function restarted(step: Step, context: BriefContext): readonly Brief[] {
  const imports = context.plan.filter(({ action }) => action.verb === 'import')
  const byScript = (id: SubjectId) =>
    imports.some(
      (one) =>
        one.on.includes(id) &&
        (one.on.every((each) => restartsByScript(each, context.plan)) ||
          context.plan.some((other) => isRemovedWith(one, other, context))),
    )
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
