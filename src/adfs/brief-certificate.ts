import { listed, say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Step } from './actions.js'
import {
  at,
  type Brief,
  type BriefContext,
  changes,
  isAlone,
  isByHand,
  rolesOf,
  rootNote,
  thumbprint,
} from './brief-context.js'
import { demanded } from './demands.js'
import { given, inSentence } from './devices.js'
import { titles, type WindowsRole } from './facts.js'
import { importPfxLine, newThumbprint, rebind } from './recipes/windows.js'
import { onlyWindows } from './who.js'

/** Where nothing else is changed, the right certificate is there and only not in use. */
export function reset(step: Step, certificate: Sha256, context: BriefContext): readonly Brief[] {
  const changed = context.plan.filter(
    ({ action }) => action.verb !== 'edit-bundle' && changes.includes(action.verb),
  )
  const on = step.on.filter(
    (id) => !changed.some((other) => other.action !== step.action && other.on.includes(id)),
  )
  const devices =
    step.action.verb === 'bind'
      ? given(
          step,
          say`Give it ${{ certificate }} ${{ code: thumbprint(certificate, context).slice(0, 8) }} with its private key and its chain, as other servers have it`,
          context,
        )
      : []
  const told = devices.map(
    ({ who, text }): Brief => ({ text: inSentence(who, text), lines: [], isAside: false }),
  )
  const windows = onlyWindows({ ...step, on }, context)
  if (on.length === 0 || windows === null) return told
  const names = context.certificate(certificate)?.names ?? []
  const certauth = names.find((name) => name.toLowerCase().startsWith('certauth.')) ?? null
  return [
    ...told,
    {
      text: say`${isAlone(context.plan) ? 'If Windows does: on' : 'On'} ${at(windows, context)}, import ${{ certificate }} ${{ code: thumbprint(certificate, context).slice(0, 8) }} with its private key`,
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
export function reissued(step: Step, reissues: readonly Step[], context: BriefContext): readonly Brief[] {
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
    ...reissues.flatMap((one) =>
      given(one, say`Give it the new certificate with its private key and its chain`, context).map(
        ({ who, text }): Brief => ({ text: inSentence(who, text), lines: [], isAside: false }),
      ),
    ),
    ...(onlyWindows(step, context) === null
      ? []
      : [
          {
            text: say`Import it on every server, as administrator, proxies first`,
            lines: [importPfxLine],
            isAside: false,
          },
        ]),
    ...windowsRoles(step, context).map((role) => setting(role, newThumbprint, certauth ?? null, context)),
    ...(rolesOf(step, context).has('unknown')
      ? [
          {
            text: say`${rootNote(step, context)}If a balancer ends TLS: it goes there, with its chain.`,
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
