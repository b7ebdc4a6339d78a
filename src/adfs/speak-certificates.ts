import { listed, say } from '../words/words.js'
import type { Action, Step } from './actions.js'
import { demanded, keepsChildren, renewed } from './demands.js'
import { byTerminator, given } from './devices.js'
import { whoLooks } from './look.js'
import {
  certutilLine,
  findOwnLine,
  importGivenPfxLine,
  importPfxLine,
  newThumbprint,
  rebind,
  removeLine,
  renewedFile,
  repairKeyLine,
} from './recipes/windows.js'
import type { SpeechContext, Spoken } from './speech.js'
import { bundleKeeper, byRole, certauthName, onWindows, rolesOf, thumbprint } from './who.js'

/** Steps that give a server another certificate or key, or an authority another certificate, in words. */

export function bound(
  step: Step,
  action: Action & { verb: 'bind' },
  context: SpeechContext,
): readonly Spoken[] {
  const windows = byRole(step, context, (role) =>
    rebind(
      role,
      thumbprint(action.certificate, context),
      certauthName(action.certificate, context),
      context.server,
    ).map(({ where, lines }, index) => ({
      text:
        index === 0
          ? say`Set ${{ certificate: action.certificate }}, which other servers have; where the first line finds none, export it there with its key and import it first; then, ${where}`
          : say`Or, ${where}`,
      lines: [...(index === 0 ? [findOwnLine(thumbprint(action.certificate, context))] : []), ...lines],
    })),
  )
  const what = say`Give it ${{ certificate: action.certificate }} with its private key and its chain, as other servers have it`
  return [...windows, ...given(step, what, context)]
}

export function repairedKey(
  step: Step,
  { certificate }: Action & { verb: 'repair-key' },
  context: SpeechContext,
): readonly Spoken[] {
  const together = say`${{ certificate }} and its private key together: it has one of them from another certificate`
  return [
    ...onWindows(
      step,
      context,
      say`Tie ${{ certificate }} to its own private key; where the first line does not find it, import certificate and key again, as PFX`,
      [repairKeyLine(thumbprint(certificate, context)), importGivenPfxLine],
      null,
    ),
    ...given(step, say`Give it ${together}`, context),
    ...byTerminator(step, context).flatMap(({ at, step: there }): readonly Spoken[] =>
      at === null && rolesOf(there, context).has('unknown')
        ? [{ who: bundleKeeper(there, context), text: say`Give it ${together}`, lines: [], expected: null }]
        : [],
    ),
  ]
}

export function renewedAuthority(
  step: Step,
  { certificate, renewal }: Action & { verb: 'renew-authority' },
  context: SpeechContext,
): readonly Spoken[] {
  const below = keepsChildren(renewal) ? [] : say`. The server's certificate is then to be issued by it anew`
  return [
    {
      who: whoLooks(step),
      text: say`Have the authority issue ${{ certificate }} anew: ${renewed(renewal)}${below}`,
      lines: [],
      expected: null,
    },
    ...onWindows(
      step,
      context,
      say`Then import the new one and remove the old`,
      [certutilLine('CA', renewedFile), removeLine(thumbprint(certificate, context))],
      say`Where a balancer ends TLS, the new one takes the old one's place in its bundle`,
    ),
    ...given(step, say`Then put the new one in place of the old in its chain`, context),
  ]
}

export function reissued(
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
    ...given(step, say`Give it the new certificate with its private key and its chain`, context),
  ]
}
