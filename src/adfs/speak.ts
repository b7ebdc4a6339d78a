import { createHash } from 'node:crypto'
import type { Role, SubjectId } from '../farm/subject.js'
import { listed, say, type Word, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Demand, Lookup, Step } from './actions.js'
import { defaultKitFolder, shellLine } from './commands.js'
import { applicationId, stores, titles, type WindowsRole, type WindowsServer, windows } from './facts.js'
import {
  bindingLines,
  certificationPath,
  certutilLine,
  clockLine,
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
  serviceLines,
  staplingSetting,
  storeSwitch,
  tlsSettingLines,
  verifyLine,
} from './recipes/windows.js'

/** What one person does: who and where, what, the commands to paste (never wrapped), what they then see. */
export interface Spoken {
  readonly who: Words
  readonly text: Words
  readonly lines: readonly string[]
  readonly expected: Words | null
}

/** What speech needs to know; a report has it as well as an examined farm. */
export interface SpeechContext {
  readonly subject: (id: SubjectId) => SpokenSubject | undefined
  readonly certificate: (sha256: Sha256) => SpokenCertificate | undefined
  /** The whole plan: a step is spoken differently beside others. */
  readonly plan: readonly Step[]
  /** Folder that the kit was written into, `here` in the kit's own text; null: it is still to be written. */
  readonly kit: string | typeof here | null
  /** Windows Server of the farm where the operator said so. */
  readonly server: WindowsServer | null
  /** Environment variables that printed commands need (`environmentOf`). */
  readonly environment: readonly string[]
}

/** The reader has the kit before him. */
export const here = Symbol('here')

export interface SpokenSubject {
  readonly kind: 'served' | 'file'
  readonly address: string | null
  readonly port: number | null
  readonly role: Role
}

export interface SpokenCertificate {
  /** SHA-1 of the DER, upper-case hex. */
  readonly thumbprint: string
  /** dNSNames. */
  readonly names: readonly string[]
  /** Its file in the kit, without folder and ending; null: it has none. */
  readonly file: string | null
}

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

/** Servers, each once however many names lead to it. */
function places({ on }: Step, { subject }: SpeechContext): Words {
  const placeOf = (id: SubjectId) => {
    const served = subject(id)
    return served?.kind === 'served' ? `${served.address} ${served.port}` : id
  }
  const first = new Map(on.map((id) => [placeOf(id), id]))
  const ids = [...first.values()]
  return ids.length === 0
    ? ['every AD FS server and proxy']
    : ids.length > 4
      ? [{ count: [ids.length, 'server', 'servers'] }]
      : listed(ids.map((id): Words => [{ subject: id }]))
}

const ports = ({ on }: Step, { subject }: SpeechContext): readonly number[] => [
  ...new Set(on.flatMap((id) => subject(id)?.port ?? [])),
]

/** Roles among the servers of a step; a file and nothing known are unknown. */
const rolesOf = ({ on }: Step, { subject }: SpeechContext): ReadonlySet<Role> =>
  new Set(on.length === 0 ? ['unknown'] : on.map((id) => subject(id)?.role ?? 'unknown'))

/** `As administrator on X`, or with the role unknown `If Windows ends TLS at X: as administrator there`. */
const windowsAdmin = (step: Step, context: SpeechContext): Words =>
  rolesOf(step, context).has('unknown')
    ? say`If Windows ends TLS at ${places(step, context)}, as administrator there`
    : say`As administrator on ${places(step, context)}`

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
  const isFile = step.on.length > 0 && step.on.every((id) => context.subject(id)?.kind === 'file')
  return {
    who: isFile
      ? say`If the file is for a balancer or another proxy`
      : isBalancer
        ? say`Whoever runs the balancer at ${where}`
        : say`If a balancer or another proxy ends TLS at ${where}, whoever runs it`,
    text: say`Give it ${{ code: chainFileName(context.plan, chain) }}: ${listed(chain.map((sha256): Words => [{ certificate: sha256 }]))}, in this order, without the root`,
    lines: [],
    expected: say`Windows' stores do not matter there. Microsoft does not support ending TLS in front of AD FS`,
  }
}

/** Name of a chain's file in the kit: plain where the plan has one chain only. */
export function chainFileName(plan: readonly Step[], chain: readonly Sha256[]): string {
  const all = new Set(
    plan.flatMap(({ action }) => (action.verb === 'edit-bundle' ? [action.chain.join()] : [])),
  )
  if (all.size <= 1) return 'fullchain.pem'
  return `fullchain-${createHash('sha256').update(chain.join()).digest('hex').slice(0, 8)}.pem`
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

export function demanded(demand: Demand): Words {
  switch (demand.kind) {
    case 'names':
      return say`with ${listed(demand.names.map((name): Words => [{ untrusted: name }]))} as DNS subject alternative ${demand.names.length === 1 ? 'name' : 'names'}`
    case 'validity':
      return say`valid now`
    case 'server-authentication':
      return say`with the extended key usage Server Authentication`
    case 'key-usage':
      return say`with the key usage Digital Signature`
    case 'stronger-key':
      return say`with a new key, RSA of at least 2048 bits or P-256`
    case 'stronger-signature':
      return say`signed with SHA-256 or better`
    case 'known-authority':
      return say`from a public authority whose root the phones have`
    case 'intermediate-renewed':
      return say`with a renewed ${{ certificate: demand.certificate }}`
    case 'constraints':
      return say`from an authority that may issue this name (${{ certificate: demand.certificate }} may not)`
    case 'other':
      return say`without the fault told above`
  }
}

const whoLooks = ({ by }: Step): Words => [
  {
    'adfs-admin': 'The AD FS administrator',
    'certificate-buyer': 'Whoever orders certificates',
    'network-admin': 'Whoever runs network and balancers',
    'whoever-checks': 'Here',
    'ca-admin': 'Whoever runs the certification authority',
  }[by],
]

/** Each thing to look at, in its one spelling. */
function looked(at: Lookup, step: Step, context: SpeechContext): Pick<Spoken, 'text' | 'lines'> {
  switch (at.kind) {
    case 'certification-path':
      return { text: say`Look at ${{ certificate: at.certificate }}: ${certificationPath}`, lines: [] }
    case 'bindings':
      return {
        text: say`See which certificate is bound (the first on an AD FS server, the second on a proxy); an entry headed ${{ code: 'IP:port' }} may overrule the one for the name. AD FS bindings have the application id ${{ code: applicationId }}`,
        lines: [bindingLines.adfs, bindingLines.wap, bindingLines.all],
      }
    case 'services':
      return { text: say`See whether the services run on ${places(step, context)}`, lines: serviceLines }
    case 'tls-settings':
      return {
        text: say`See which protocols, cipher suites and curves the server allows; TLS 1.2 with ECDHE, AES-GCM and NistP256 reaches Android 5.0 and later. A change needs a reboot`,
        lines: tlsSettingLines,
      }
    case 'clock':
      return { text: say`See whether the clock is right on ${places(step, context)}`, lines: [clockLine] }
    case 'firewall':
      return {
        text: say`See whether firewalls let this connection through to ${places(step, context)}, port ${ports(step, context).join(', ') || '443'}`,
        lines: [],
      }
    case 'device-at-address':
      return {
        text: say`Find out which device answers at ${places(step, context)}, and whether it ends TLS`,
        lines: [],
      }
    case 'dns':
      return {
        text: say`See what DNS says here and outside`,
        lines: [shellLine([at.host], 'nslookup').line],
      }
    case 'issuer-kind':
      return {
        text: say`See whether the issuer of ${{ certificate: at.certificate }} is a root of your own (issued to and by itself): ${certificationPath}. If it is, phones do not have it, and only a certificate from a public authority helps; if not, it is an intermediate that is to be imported`,
        lines: [],
      }
    case 'ocsp-stapling':
      return {
        text: say`Let the server reach the OCSP address over HTTP (the line shows whether it does, with the certificate exported as ${{ code: 'leaf.cer' }}), or set ${{ code: staplingSetting.value }} to 0 below ${{ code: staplingSetting.below }} and reboot`,
        lines: [verifyLine],
      }
    case 'client-certificate-binding':
      return {
        text: say`See whether a binding of this port asks for client certificates (${{ code: 'Negotiate Client Certificate' }}, named in the language of Windows); AD FS asks on port 49443 or on ${{ code: 'certauth.' }} names only`,
        lines: [bindingLines.all],
      }
  }
}
