import type { Role } from '../farm/subject.js'
import { say, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Step } from './actions.js'
import { titles, type WindowsRole, windows } from './facts.js'
import { places, type SpeechContext, type Spoken } from './speech.js'

/** Who does a step, by what answers at its servers, and what is known of its certificates. */

/** Roles among the servers of a step; a file and nothing known are unknown. */
export const rolesOf = ({ on }: Step, { subject }: SpeechContext): ReadonlySet<Role> =>
  new Set(on.length === 0 ? ['unknown'] : on.map((id) => subject(id)?.role ?? 'unknown'))

/** `As administrator on X`, or with the role unknown `If Windows ends TLS at X: as administrator there`. */
const windowsAdmin = (step: Step, context: SpeechContext): Words =>
  isFile(step, context)
    ? ['As administrator on each server that gets the file']
    : rolesOf(step, context).has('unknown')
      ? say`If Windows ends TLS at ${places(step, context)}, as administrator there`
      : say`As administrator on ${places(step, context)}`

/** The step as far as Windows may end TLS there; null: it nowhere does. */
export function onlyWindows(step: Step, { subject }: SpeechContext): Step | null {
  const on = step.on.filter((id) => subject(id)?.role !== 'balancer')
  return on.length === 0 && step.on.length > 0 ? null : { ...step, on }
}

/** What is to be served, not a server. */
const isFile = ({ on }: Step, { subject }: SpeechContext): boolean =>
  on.length > 0 && on.every((id) => subject(id)?.kind === 'file')

export const onWindows = (
  step: Step,
  context: SpeechContext,
  text: Words,
  lines: readonly string[],
  expected: Words | null,
): readonly Spoken[] => {
  const there = onlyWindows(step, context)
  return there === null ? [] : [{ who: windowsAdmin(there, context), text, lines, expected }]
}

/** Once for each of Windows' roles among the servers; both where the role is unknown. */
export function byRole(
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

/** Whoever keeps the files of a device that may end TLS. */
export const bundleKeeper = (step: Step, context: SpeechContext): Words =>
  say`If a balancer or another proxy ends TLS at ${places(step, context)}, whoever runs it`

export const thumbprint = (sha256: Sha256, { certificate }: SpeechContext): string =>
  certificate(sha256)?.thumbprint ?? sha256

export const certauthName = (sha256: Sha256, { certificate }: SpeechContext): string | null =>
  certificate(sha256)?.names.find((name) => name.toLowerCase().startsWith('certauth.')) ?? null

export const isOld = ({ server }: SpeechContext): boolean =>
  server !== null && windows[server].powershell === '4.0'
