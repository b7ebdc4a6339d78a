import type { Role, SubjectId } from '../farm/subject.js'
import { listed, say, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Step } from './actions.js'
import { harmless } from './addresses.js'
import { defaultKitFolder } from './commands.js'
import { demanded } from './demands.js'
import { deviceRegistrationService, services, titles, type WindowsRole } from './facts.js'
import {
  certificationPath,
  certutilLine,
  deleteBindingLine,
  disablePurposes,
  exportedFile,
  findRootLine,
  importPfxLine,
  newThumbprint,
  rebind,
  removeLine,
  scriptLine,
  storeSwitch,
} from './recipes/windows.js'
import { notes, spoken } from './speak.js'
import { chainFileName, ports, type SpeechContext } from './speech.js'

/** A step in few words. An aside is for some readers only and has no number. */
export interface Brief {
  readonly text: Words
  readonly lines: readonly string[]
  readonly isAside: boolean
}

export interface BriefContext extends SpeechContext {
  /** How many servers were looked at: one alone is "that server". */
  readonly servers: number
}

/** Whatever changes a server; beside it, looking around is for when it did not help. */
const changes: readonly Action['verb'][] = [
  'fetch-by-hand',
  'renew-authority',
  'repair-key',
  'bind',
  'reissue',
  'import',
  'remove',
  'disable-root',
  'edit-bundle',
]

/**
 * The plan for a first screen: what ends the night and no more. What is for the case that it did not help (rebind,
 * reboot, looking around) is in `spoken` and in the kit; the script restarts the services where it can.
 */
export function briefly(plan: readonly Step[], context: BriefContext): readonly Brief[] {
  const has = (...verbs: readonly Action['verb'][]) => plan.some(({ action }) => verbs.includes(action.verb))
  const isChanged = has(...changes)
  const reissues = plan.filter(({ action }) => action.verb === 'reissue')
  const steps = plan.filter(
    ({ action, argv }, index) =>
      !(action.verb === 'look' && isChanged) &&
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
  return removalsFirst(steps).flatMap((step) => told(step, { ...context, plan }, reissues))
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

function told(step: Step, context: BriefContext, reissues: readonly Step[]): readonly Brief[] {
  const { action } = step
  const one = (text: Words, lines: readonly string[] = [], isAside = false): readonly Brief[] => [
    { text, lines, isAside },
  ]
  const on = at(step, context)
  switch (action.verb) {
    case 'import':
      return one(
        say`Copy ${context.servers === 1 ? 'the folder ' : ''}"${folderOf(context)}" to ${on}${step.on.length > 1 ? ', proxies first' : ''}; there, as administrator`,
        scripts(step, action, context),
      )
    case 'remove':
      return one(
        say`On ${on}, as administrator, remove ${{ certificate: action.certificate }} ${{ code: thumbprint(action.certificate, context).slice(0, 8) }}`,
        [removeLine(thumbprint(action.certificate, context))],
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
            say`If a balancer ends TLS: give it ${file} from "${folderOf(context)}"${isAlone(context) ? '' : ' instead'}.`,
            [],
            !isAlone(context),
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
        one(say`Check again, from here${notes(step, context)}`, lines),
      )
    case 'bind':
    case 'rebind':
      return reset(step, action.certificate, context)
    case 'reboot':
      return []
    case 'renew-authority':
    case 'repair-key':
    case 'look':
    case 'save':
    case 'run-again':
    case 'check-by-name':
    case 'name-nodes':
      return spoken(step, context).flatMap(({ text, lines }) => one(text, lines))
  }
}

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
      text: say`Then restart the services on ${at({ ...step, on }, context)}`,
      lines: on.some((id) => imports.some((other) => other.on.includes(id)))
        ? [scriptLine('-Restart')]
        : [`Get-Service ${names.join(', ')} -ErrorAction SilentlyContinue | Restart-Service`],
      isAside: false,
    },
  ]
}

/** Nothing else can be done for whom it concerns. */
const isAlone = ({ plan }: BriefContext): boolean =>
  !plan.some(({ action }) => action.verb !== 'edit-bundle' && changes.includes(action.verb))

const isByHand = ({ plan }: BriefContext): boolean =>
  plan.some(({ action }) => action.verb === 'fetch-by-hand') &&
  !plan.some(({ action }) => action.verb === 'import')

/** Where nothing else is changed, the right certificate is there and only not in use. */
function reset(step: Step, certificate: Sha256, context: BriefContext): readonly Brief[] {
  const changed = context.plan.filter(
    ({ action }) => action.verb !== 'edit-bundle' && changes.includes(action.verb),
  )
  const on = step.on.filter(
    (id) => !changed.some((other) => other.action !== step.action && other.on.includes(id)),
  )
  if (on.length === 0) return []
  const names = context.certificate(certificate)?.names ?? []
  const certauth = names.find((name) => name.toLowerCase().startsWith('certauth.')) ?? null
  return [
    {
      text: say`Put ${{ certificate }} ${{ code: thumbprint(certificate, context).slice(0, 8) }} on ${at({ ...step, on }, context)}, as administrator, with its key`,
      lines: [],
      isAside: false,
    },
    ...windowsRoles(step, context).map((role) =>
      setting(role, thumbprint(certificate, context), certauth, context),
    ),
  ]
}

/** Proxies first: phones meet them first. */
function windowsRoles(step: Step, context: BriefContext): readonly WindowsRole[] {
  const known = rolesOf(step, context)
  return (['wap', 'adfs'] as const).filter((role) => known.has('unknown') || known.has(role))
}

/** Several demands are demands on one order. */
function reissued(step: Step, reissues: readonly Step[], context: BriefContext): readonly Brief[] {
  const demands = reissues.flatMap(({ action }) => (action.verb === 'reissue' ? action.demands : []))
  const distinct = [...new Map(demands.map((demand) => [JSON.stringify(demand), demand])).values()]
  if (isByHand(context))
    return [
      {
        text: say`If it is issued to and by itself: order a new certificate instead, ${listed(distinct.map(demanded))} (${{ code: '--verbose' }} has the steps).`,
        lines: [],
        isAside: true,
      },
    ]
  const certauth = reissues
    .flatMap(({ action }) =>
      action.verb === 'reissue' && action.certificate
        ? (context.certificate(action.certificate)?.names ?? [])
        : [],
    )
    .find((name) => name.toLowerCase().startsWith('certauth.'))
  return [
    {
      text: say`Order a new certificate ${listed(distinct.map(demanded))}, as PFX with its chain`,
      lines: [],
      isAside: false,
    },
    {
      text: say`Import it on every server, as administrator, proxies first`,
      lines: [importPfxLine],
      isAside: false,
    },
    ...windowsRoles(step, context).map((role) => setting(role, newThumbprint, certauth ?? null, context)),
    ...(rolesOf(step, context).has('unknown')
      ? [
          {
            text: say`If a balancer ends TLS: it goes there, with its chain.`,
            lines: [],
            isAside: true,
          },
        ]
      : []),
  ]
}

function setting(
  role: WindowsRole,
  wanted: string,
  certauth: string | null,
  { server }: BriefContext,
): Brief {
  const all = rebind(role, wanted, certauth, server).flatMap(({ lines }) => lines)
  const which =
    all.length > 1
      ? say`; the first line where it answers to ${{ untrusted: certauth ?? '' }}, else the second`
      : []
  return {
    text:
      role === 'wap'
        ? say`There, on each ${titles.wap.one}`
        : say`There, on the primary ${titles.adfs.one} (2012 R2: on each)${which}`,
    lines: all,
    isAside: false,
  }
}

const elsewhere = (urls: readonly string[]): Words =>
  harmless(urls)
    .slice(0, 1)
    .flatMap((url) => say` (or get it from ${{ untrusted: url }})`)

const folderOf = ({ kit }: SpeechContext): Words => [
  { code: typeof kit === 'string' ? kit : defaultKitFolder },
]

const thumbprint = (sha256: Sha256, { certificate }: SpeechContext): string =>
  certificate(sha256)?.thumbprint ?? sha256

const rolesOf = ({ on }: Step, { subject }: SpeechContext): ReadonlySet<Role> =>
  new Set(on.length === 0 ? ['unknown'] : on.map((id) => subject(id)?.role ?? 'unknown'))

function at({ on }: Step, { servers, plan }: BriefContext): Words {
  if (plan.some(({ action }) => action.verb === 'name-nodes')) return ['each server behind it']
  if (servers === 1) return ['that server']
  if (on.length === 0 || on.length === servers) return ['every server']
  return on.length > 4
    ? [{ count: [on.length, 'server', 'servers'] }]
    : listed(on.map((id): Words => [{ subject: id }]))
}
