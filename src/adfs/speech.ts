import { createHash } from 'node:crypto'
import { endingTls, mendedAs, type Role, type SubjectId, type Terminator } from '../farm/subject.js'
import { listed, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Step } from './actions.js'
import type { WindowsServer } from './facts.js'
import { recipes } from './recipes/recipes.js'

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
  /** The machine, where it is more than this one subject. */
  readonly node?: string
  /** Null: nobody said. */
  readonly tlsEndsAt: Terminator | null
  /** What Windows leaves out was sent, so that something else may end TLS. */
  readonly sendsRoot?: boolean
}

/** A served subject as a report has it. */
export const spokenSubject = <T extends { readonly role: Role }>(
  subject: T,
  tlsEndsAt: Terminator | null,
  sendsRoot: boolean,
) => ({ ...subject, role: mendedAs({ role: subject.role, tlsEndsAt }), tlsEndsAt, sendsRoot })

export interface SpokenCertificate {
  /** SHA-1 of the DER, upper-case hex. */
  readonly thumbprint: string
  /** dNSNames. */
  readonly names: readonly string[]
  /** Its file in the kit, without folder and ending; null: it has none. */
  readonly file: string | null
}

/** Servers, each once however many names lead to it. */
export function places(step: Step, context: SpeechContext): Words {
  const ids = machines(step, context)
  return ids.length === 0
    ? ['every AD FS server and proxy']
    : ids.length > maxNamed
      ? [{ count: [ids.length, 'server', 'servers'] }]
      : listed(ids.map((id): Words => [{ subject: id }]))
}

/** More servers than these are counted. */
export const maxNamed = 4

/** A subject of each machine of a step, in its order, however many names and ports lead to it. */
export function machines({ on }: Step, { subject }: SpeechContext): readonly SubjectId[] {
  const placeOf = (id: SubjectId) => {
    const served = subject(id)
    return served?.kind === 'served' ? (served.node ?? `${served.address} ${served.port}`) : id
  }
  return [...new Map(on.map((id) => [placeOf(id), id])).values()]
}

/**
 * Whether the kit has a folder for each machine: the script imports whatever lies beside it, and a device that takes each
 * certificate by itself is given every `.pem` file of the folder. Else all files lie in one, each under its own name.
 */
export function hasFolders({ plan, subject }: Pick<SpeechContext, 'plan' | 'subject'>): boolean {
  const imports = new Map<string, Set<Sha256>>()
  const machines = new Set<string>()
  let isEach = false
  for (const { action, on } of plan) {
    if (action.verb !== 'import' && action.verb !== 'edit-bundle') continue
    for (const id of on) {
      const served = subject(id)
      const machine = served?.node ?? id
      machines.add(machine)
      const at = served && endingTls(served)
      if (action.verb === 'edit-bundle')
        isEach ||= at !== undefined && at !== null && recipes[at].takes === 'each'
      else {
        const own = imports.get(machine) ?? new Set()
        imports.set(machine, own)
        for (const sha256 of action.certificates) own.add(sha256)
      }
    }
  }
  const lists = new Set([...imports.values()].map((own) => [...own].sort().join()))
  return lists.size > 1 || (isEach && machines.size > 1)
}

export const ports = ({ on }: Step, { subject }: SpeechContext): readonly number[] => [
  ...new Set(on.flatMap((id) => subject(id)?.port ?? [])),
]

/** Name of a chain's file in the kit: plain where the plan has one chain only. */
export function chainFileName(plan: readonly Step[], chain: readonly Sha256[]): string {
  const all = new Set(
    plan.flatMap(({ action }) => (action.verb === 'edit-bundle' ? [action.chain.join()] : [])),
  )
  if (all.size <= 1) return 'fullchain.pem'
  return `fullchain-${createHash('sha256').update(chain.join()).digest('hex').slice(0, 8)}.pem`
}

/** The script restarts unless something else is to be changed between import and restart at a server of the same step. */
export function restartsByScript(id: SubjectId, plan: readonly Step[]): boolean {
  const imports = plan.filter(({ on, action }) => action.verb === 'import' && on.includes(id))
  const between = plan.filter(({ action }) => action.verb === 'remove' || action.verb === 'disable-root')
  return (
    imports.length > 0 &&
    imports.every(({ on }) => !between.some((step) => step.on.some((one) => on.includes(one))))
  )
}
