import type { SubjectId } from '../farm/subject.js'
import { listed, say, type Word, type Words } from '../words/words.js'
import type { Action, Step, Store } from './actions.js'
import { harmless } from './addresses.js'
import { defaultKitFolder, shellLine } from './commands.js'
import { bundled, obtained, windowsFirst } from './devices.js'
import { applicationId, stores } from './facts.js'
import { lookedAt, whoLooks } from './look.js'
import {
  bindingLines,
  certutilLine,
  deleteBindingLine,
  disablePurposes,
  exportedFile,
  exportParents,
  findRootLine,
  keepLine,
  rebind,
  rebootLine,
  removeLine,
  restartLines,
  scriptLine,
  storeSwitch,
} from './recipes/windows.js'
import { drained, undone } from './rolling.js'
import { bound, reissued, renewedAuthority, repairedKey } from './speak-certificates.js'
import { here, places, ports, restartsByScript, type SpeechContext, type Spoken } from './speech.js'
import { byRole, certauthName, isOld, onWindows, thumbprint } from './who.js'

export { chainFileName, hasFolders, here, type SpeechContext, type Spoken, spokenSubject } from './speech.js'

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
        say`Check again${fromWords(action)}, after the next reboot and each renewal too`,
        say`Every server is accepted. On a phone, try one that never opened this sign-in page: apps remember intermediates they have met`,
      )
    case 'run-again':
      return onceHere(
        {
          here: say`Run it again${fromWords(action)}`,
          elsewhere: say`Run it where the servers can be reached, for example outside the company's network`,
          later: say`Run it again later${fromWords(action)}`,
        }[action.where],
      )
    case 'check-by-name':
      return onceHere(
        action.name === undefined
          ? say`Check by the name that the phones use, and give ${places(step, context)} with ${{ code: '--server' }}`
          : say`Check by a name that the phones use`,
      )
    case 'name-nodes':
      return onceHere(
        say`Name each server behind the address by its own address, with ${{ code: '--server' }} once for each`,
        say`Each server has a line of its own; ${{ code: '--repeat' }} looks longer where they cannot be reached one by one`,
      )
    case 'import':
      return [...windowsFirst(step, context), ...imported(step, action, context)]
    case 'restart':
      return restarted(step, context)
    case 'bind':
      return bound(step, action, context)
    case 'repair-key':
      return repairedKey(step, action, context)
    case 'renew-authority':
      return renewedAuthority(step, action, context)
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
        say`Remove ${{ certificate: action.certificate }} (thumbprint ${{ code: thumbprint(action.certificate, context) }}, no other of that name) from the stores; the first line keeps it`,
        [
          keepLine(thumbprint(action.certificate, context)),
          removeLine(thumbprint(action.certificate, context)),
        ],
        say`Where it is not there, or comes back, look in the store of the SYSTEM account, which ${{ code: 'certlm.msc' }} does not show`,
      )
    case 'tidy':
      return onWindows(
        step,
        context,
        say`Where ${{ certificate: action.certificate }} (thumbprint ${{ code: thumbprint(action.certificate, context) }}, no other of that name) is still in the stores and no other certificate there was issued by it, remove it; nothing need be restarted`,
        [removeLine(thumbprint(action.certificate, context))],
        null,
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
        ...obtained(step, action, context),
      ]
    case 'edit-bundle':
      return bundled(step, action, context)
    case 'drain':
      return drained(step, context)
    case 'undo':
      return undone(step, context)
    case 'reissue':
      return reissued(step, action, context)
    case 'exempt':
      return [
        {
          who: whoLooks(step),
          text: say`Exempt the name from TLS inspection on the device between that network and ${places(step, context)}`,
          lines: [],
          expected: say`Phones there are shown the server's own certificate. Change nothing on the AD FS servers for this`,
        },
      ]
    case 'look':
      return lookedAt(step, action, context)
  }
}

/** Which of several places a command is to be run at. */
export const fromWords = ({ from }: { readonly from?: string }): Words =>
  from === undefined ? [] : [` from ${from}`]

const commandLines = ({ argv }: Step): readonly string[] => (argv === null ? [] : [shellLine(argv).line])

/** What a printed command of ours needs beside itself. */
export function notes({ argv }: Step, { environment }: SpeechContext): Words {
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

function imported(
  step: Step,
  { certificates, store }: Action & { verb: 'import' },
  context: SpeechContext,
): readonly Spoken[] {
  const files = certificates.flatMap((sha256) => context.certificate(sha256)?.file ?? [])
  const expected = say`It adds to ${stores[store].label} (${{ code: store }}), never to Trusted Root`
  if (isOld(context))
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

/** KB2831004: of several valid paths Windows sends the shortest, so the root at its end must not be trusted. */
const disabling = ({ root, twinOf }: Action & { verb: 'disable-root' }): Words =>
  root === null
    ? say`If Trusted Root holds a self-signed certificate of the same name and key as ${{ certificate: twinOf }} (the script names it), Windows goes on sending the shorter chain that ends there: ${disablePurposes}`
    : say`Windows goes on sending the shorter chain while it trusts the self-signed ${{ certificate: root }}: ${disablePurposes}`

const disablingLines = (
  { root }: Action & { verb: 'disable-root' },
  context: SpeechContext,
): readonly string[] => (root === null ? [] : [findRootLine(thumbprint(root, context))])

const disablingRisk: Words = say`This server then distrusts every site under that root: try what it has to reach before the next one; Enable all purposes undoes it. A root that was deleted instead can come back with the automatic root update. If it does not help, a copy of the root in Untrusted Certificates does, by field reports`

function byHand({ child, urls }: Action & { verb: 'fetch-by-hand' }): Words {
  const offered = harmless(urls).map((url): Words => [{ untrusted: url }])
  return say`Export the issuer of ${{ certificate: child }}: ${exportParents}${
    offered.length === 0 ? [] : say`. Or get it from ${listed(offered)}`
  }`
}

/** By the script, where it could not restart on its way: something was removed, or a root disabled, after its import. */
function restarted(step: Step, context: SpeechContext): readonly Spoken[] {
  const on = step.on.filter((id) => !restartsByScript(id, context.plan))
  if (on.length === 0 && step.on.length > 0) return []
  const store = importStore(on, context.plan)
  if (store !== null && !isOld(context))
    return onWindows(
      { ...step, on },
      context,
      say`Restart the services, one server at a time: the script again, in the folder there`,
      [scriptLine(...storeSwitch(store), '-Restart')],
      null,
    )
  return byRole({ ...step, on }, context, (role) => [
    { text: say`Restart the services, one server at a time`, lines: restartLines(role) },
  ])
}

/** The store of the import that every one of these servers has; null: not every one has the kit. */
function importStore(on: readonly SubjectId[], plan: readonly Step[]): Store | null {
  const stores = on.map(
    (id) =>
      plan.flatMap((step) =>
        step.action.verb === 'import' && step.on.includes(id) ? [step.action.store] : [],
      )[0],
  )
  return stores[0] !== undefined && stores.every((store) => store === stores[0]) ? stores[0] : null
}
