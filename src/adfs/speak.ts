import type { Role, SubjectId } from '../farm/subject.js'
import { listed, say, type Word, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Step } from './actions.js'
import { defaultKitFolder, shellLine } from './commands.js'
import { demanded } from './demands.js'
import { applicationId, stores, titles, type WindowsRole, windows } from './facts.js'
import { looked, whoLooks } from './look.js'
import {
  bindingLines,
  certutilLine,
  deleteBindingLine,
  disablePurposes,
  exportedFile,
  exportParents,
  findRootLine,
  importPfxLine,
  newThumbprint,
  rebind,
  rebootLine,
  removeLine,
  restartLines,
  scriptLine,
  storeSwitch,
} from './recipes/windows.js'
import { chainFileName, here, places, ports, type SpeechContext, type Spoken } from './speech.js'

export { chainFileName, here, type SpeechContext, type Spoken } from './speech.js'

/**
 * One step in words, for each role it may concern. Nothing where another step already says it (the script restarts the
 * services; the kit is written). With the role unknown both ways are said: Windows' and, as a step of its own, the
 * balancer's.
 */
export function spoken(step: Step, context: SpeechContext): readonly Spoken[] {
  const { action } = step
  const onceHere = (text: Words, expected: Words | null = null): readonly Spoken[] => [
    { who: ['Here'], text: [...text, ...notes(step, context)], lines: commandLines(step), expected },
  ]
  switch (action.verb) {
    case 'save':
      return context.kit === null ? onceHere(say`Write the files`) : []
    case 'confirm':
      return onceHere(
        say`Check again, after the next reboot and each renewal too`,
        say`Every server is accepted. On a phone, try one that never opened this sign-in page: apps remember intermediates they have met`,
      )
    case 'run-again':
      return onceHere(
        {
          here: say`Run it again`,
          elsewhere: say`Run it where the servers can be reached, for example outside the company's network`,
          later: say`Run it again later`,
        }[action.where],
      )
    case 'check-by-name':
      // No command: it would be about another name than this run, so "check again" cannot be said of it.
      return onceHere(
        say`Check by the name that the phones use${action.name === undefined ? [] : say`, for example ${{ untrusted: action.name }}`}, and give ${places(step, context)} with ${{ code: '--server' }}`,
      )
    case 'name-nodes':
      return onceHere(
        say`Name each server behind the address by its own address, with ${{ code: '--server' }} once for each`,
        say`Each server has a line of its own; ${{ code: '--repeat' }} looks longer where they cannot be reached one by one`,
      )
    case 'import':
      return imported(step, action, context)
    case 'restart': {
      const on = step.on.filter((id) => !restartsByScript(id, context.plan))
      return on.length === 0 && step.on.length > 0
        ? []
        : byRole({ ...step, on }, context, (role) => [
            {
              text: say`Restart the services, one server at a time`,
              lines: restartLines(role),
            },
          ])
    }
    case 'rebind':
      return byRole(step, context, (role) =>
        rebind(
          role,
          thumbprint(action.certificate, context),
          certauthName(action.certificate, context),
          context.server,
        ).map(({ where, lines }) => ({
          text: say`If the old chain is still sent, set the same certificate again, ${where}. That this rebinds with an unchanged thumbprint is not confirmed`,
          lines,
        })),
      )
    case 'remove':
      return onWindows(
        step,
        context,
        say`Remove ${{ certificate: action.certificate }} (thumbprint ${{ code: thumbprint(action.certificate, context) }}, no other of that name) from the stores`,
        [removeLine(thumbprint(action.certificate, context))],
        say`Where it is not there, or comes back, look in the store of the SYSTEM account, which ${{ code: 'certlm.msc' }} does not show`,
      )
    case 'disable-root':
      return onWindows(step, context, disabling(action), disablingLines(action, context), disablingRisk)
    case 'reboot':
      return onWindows(
        step,
        context,
        say`If the old chain is still sent after all that, reboot in a maintenance window`,
        [rebootLine],
        null,
      )
    case 'delete-binding':
      return onWindows(
        step,
        context,
        say`If nothing needs it, delete the binding of the port for connections without a name. AD FS bindings have the application id ${{ code: applicationId }}`,
        [bindingLines.all, ...ports(step, context).map(deleteBindingLine)],
        null,
      )
    case 'fetch-by-hand':
      return [
        ...onWindows(step, context, byHand(action), [], null),
        ...onWindows(
          step,
          context,
          say`Import each file, under its own name, on every server`,
          [certutilLine('CA', exportedFile)],
          say`Or run this check again with ${{ code: '--intermediates' }} and the folder of these files: that proves that they are the right ones`,
        ),
      ]
    case 'edit-bundle':
      return [bundle(step, action, context)]
    case 'reissue':
      return reissued(step, action, context)
    case 'look':
      return [{ who: whoLooks(step), ...looked(action.at, step, context), expected: null }]
  }
}

const commandLines = ({ argv }: Step): readonly string[] => (argv === null ? [] : [shellLine(argv).line])

/** What a printed command of ours needs beside itself. */
function notes({ argv }: Step, { environment }: SpeechContext): Words {
  if (argv === null) return []
  return [
    ...(shellLine(argv).shells === 'powershell' ? [' (this line is for PowerShell)'] : []),
    ...environment.flatMap((name): Word[] => [
      ' (with the proxy and its credentials in the environment variable ',
      { code: name },
      ')',
    ]),
  ]
}

/** Roles among the servers of a step; a file and nothing known are unknown. */
const rolesOf = ({ on }: Step, { subject }: SpeechContext): ReadonlySet<Role> =>
  new Set(on.length === 0 ? ['unknown'] : on.map((id) => subject(id)?.role ?? 'unknown'))

/** `As administrator on X`, or with the role unknown `If Windows ends TLS at X: as administrator there`. */
const windowsAdmin = (step: Step, context: SpeechContext): Words =>
  isFile(step, context)
    ? ['As administrator on each server that gets the file']
    : rolesOf(step, context).has('unknown')
      ? say`If Windows ends TLS at ${places(step, context)}, as administrator there`
      : say`As administrator on ${places(step, context)}`

const isFile = ({ on }: Step, { subject }: SpeechContext): boolean =>
  on.length > 0 && on.every((id) => subject(id)?.kind === 'file')

const onWindows = (
  step: Step,
  context: SpeechContext,
  text: Words,
  lines: readonly string[],
  expected: Words | null,
): readonly Spoken[] => [{ who: windowsAdmin(step, context), text, lines, expected }]

/** Once for each of Windows' roles among the servers; both where the role is unknown. */
function byRole(
  step: Step,
  context: SpeechContext,
  told: (role: WindowsRole) => readonly { readonly text: Words; readonly lines: readonly string[] }[],
): readonly Spoken[] {
  const known = rolesOf(step, context)
  // Proxies first: phones meet them first.
  return (['wap', 'adfs'] as const)
    .filter((role) => known.has('unknown') || known.has(role))
    .flatMap((role) => {
      const on = step.on.filter((id) => [role, 'unknown'].includes(context.subject(id)?.role ?? 'unknown'))
      const where = places({ ...step, on }, context)
      return told(role).map(({ text, lines }) => ({
        who: known.has('unknown')
          ? say`If ${role === 'wap' ? 'a' : 'an'} ${titles[role].one} answers at ${where}`
          : say`On the ${titles[role].one} ${where}`,
        text,
        lines,
        expected: null,
      }))
    })
}

/** The script restarts unless something else is to be changed between import and restart at a server of the same step. */
function restartsByScript(id: SubjectId, plan: readonly Step[]): boolean {
  const imports = plan.filter(({ on, action }) => action.verb === 'import' && on.includes(id))
  const between = plan.filter(({ action }) => action.verb === 'remove' || action.verb === 'disable-root')
  return (
    imports.length > 0 &&
    imports.every(({ on }) => !between.some((step) => step.on.some((one) => on.includes(one))))
  )
}

function imported(
  step: Step,
  { certificates, store }: Action & { verb: 'import' },
  context: SpeechContext,
): readonly Spoken[] {
  const files = certificates.flatMap((sha256) => context.certificate(sha256)?.file ?? [])
  const expected = say`It adds to ${stores[store].label} (${{ code: store }}), never to Trusted Root`
  if (context.server !== null && windows[context.server].powershell === '4.0')
    return onWindows(
      step,
      context,
      say`Copy ${folderOf(context)} there, proxies first, one server at a time`,
      files.map((file) => certutilLine(store, `${file}.cer`)),
      expected,
    )
  const switches = storeSwitch(store)
  const restart = step.on.length > 0 && step.on.every((id) => restartsByScript(id, context.plan))
  return onWindows(
    step,
    context,
    say`Copy ${folderOf(context)} there, proxies first, one server at a time; the first line changes nothing`,
    [scriptLine(...switches, '-WhatIf'), scriptLine(...switches, ...(restart ? ['-Restart'] : []))],
    expected,
  )
}

const folderOf = ({ kit }: SpeechContext): Words =>
  kit === here
    ? ['this folder (where each server has one, its own)']
    : say`the folder ${{ code: kit ?? defaultKitFolder }}`

const thumbprint = (sha256: Sha256, { certificate }: SpeechContext): string =>
  certificate(sha256)?.thumbprint ?? sha256

const certauthName = (sha256: Sha256, { certificate }: SpeechContext): string | null =>
  certificate(sha256)?.names.find((name) => name.toLowerCase().startsWith('certauth.')) ?? null

/** KB2831004: of several valid paths Windows sends the shortest, so the root at its end must not be trusted. */
const disabling = ({ root, twinOf }: Action & { verb: 'disable-root' }): Words =>
  root === null
    ? say`If Trusted Root holds a self-signed certificate of the same name and key as ${{ certificate: twinOf }} (the script names it), Windows goes on sending the shorter chain that ends there: ${disablePurposes}`
    : say`Windows goes on sending the shorter chain while it trusts the self-signed ${{ certificate: root }}: ${disablePurposes}`

const disablingLines = (
  { root }: Action & { verb: 'disable-root' },
  context: SpeechContext,
): readonly string[] => (root === null ? [scriptLine('-WhatIf')] : [findRootLine(thumbprint(root, context))])

const disablingRisk: Words = say`This server then distrusts every site under that root: try what it has to reach before the next one; Enable all purposes undoes it. A root that was deleted instead can come back with the automatic root update. If it does not help, a copy of the root in Untrusted Certificates does, by field reports`

function byHand({ child, urls }: Action & { verb: 'fetch-by-hand' }): Words {
  const offered = urls.map((url): Words => [{ untrusted: url }])
  return say`Export the issuer of ${{ certificate: child }}: ${exportParents}${
    offered.length === 0 ? [] : say`. Or get it from ${listed(offered)}`
  }`
}

function bundle(step: Step, { chain }: Action & { verb: 'edit-bundle' }, context: SpeechContext): Spoken {
  const where = places(step, context)
  const isBalancer = ![...rolesOf(step, context)].some((role) => role !== 'balancer')
  return {
    who: isFile(step, context)
      ? say`If the file is for a balancer or another proxy`
      : isBalancer
        ? say`Whoever runs the balancer at ${where}`
        : say`If a balancer or another proxy ends TLS at ${where}, whoever runs it`,
    text: say`Give it ${{ code: chainFileName(context.plan, chain) }}: ${listed(chain.map((sha256): Words => [{ certificate: sha256 }]))}, in this order, without the root`,
    lines: [],
    expected: say`Windows' stores do not matter there. Microsoft does not support ending TLS in front of AD FS`,
  }
}

function reissued(
  step: Step,
  { certificate, demands }: Action & { verb: 'reissue' },
  context: SpeechContext,
): readonly Spoken[] {
  const request = {
    who: ['Whoever orders certificates'],
    text: say`Order a new certificate${certificate === null ? [] : say` in place of ${{ certificate }}`}: ${listed(demands.map(demanded))}; with its private key, as PFX`,
    lines: [],
    expected: null,
  }
  const certauth = certificate === null ? null : certauthName(certificate, context)
  return [
    request,
    ...byRole(step, context, (role) =>
      rebind(role, newThumbprint, certauth, context.server).map(({ where, lines }, index) => ({
        text: say`${index === 0 ? 'Import it on every server, then set it, ' : ''}${where}`,
        lines: [...(index === 0 ? [importPfxLine] : []), ...lines],
      })),
    ),
  ]
}
