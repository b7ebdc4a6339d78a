import { say, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Lookup, Step } from './actions.js'
import { shellLine } from './commands.js'
import { atDevices, keeperOf, staged } from './devices.js'
import { applicationId } from './facts.js'
import {
  bindingLines,
  certificationPath,
  clockLine,
  serviceLines,
  staplingSetting,
  tlsSettingLines,
  verifyLine,
} from './recipes/windows.js'
import { places, ports, type SpeechContext, type Spoken } from './speech.js'
import { onlyWindows, thumbprint } from './who.js'

export const whoLooks = ({ by }: Step): Words => [
  {
    'adfs-admin': 'The AD FS administrator',
    'certificate-buyer': 'Whoever orders certificates',
    'network-admin': 'Whoever runs network and balancers',
    'whoever-checks': 'Here',
    'ca-admin': 'Whoever runs the certification authority',
  }[by],
]

/** At Windows and at what nobody named in its words, at each other device in that one's. */
export function lookedAt(
  step: Step,
  { at }: Action & { verb: 'look' },
  context: SpeechContext,
): readonly Spoken[] {
  const there = onlyWindows(step, context)
  return [
    ...(there === null ? [] : [{ who: whoLooks(there), ...looked(at, there, context), expected: null }]),
    ...atDevices(step, context).flatMap(({ at: recipe, step: own }): readonly Spoken[] => {
      const text = withoutWindows(at, recipe.title, own, context)
      const who = keeperOf(recipe, own, context)
      return text === null
        ? staged(recipe, ['look'], { file: 'fullchain.pem', server: context.server }, who)
        : [{ who, ...text, expected: null }]
    }),
  ]
}

/** What is looked at where no Windows is; null: the certificate that the device has, by its own recipe. */
function withoutWindows(
  at: Lookup,
  title: string,
  step: Step,
  context: SpeechContext,
): Pick<Spoken, 'text' | 'lines'> | null {
  const only = (text: Words) => ({ text, lines: [] })
  switch (at.kind) {
    case 'bindings':
    case 'certification-path':
      return null
    case 'services':
      return only(say`See whether ${title} runs, and listens on port ${ports(step, context).join(', ')}`)
    case 'tls-settings':
      return only(
        say`See which protocols, cipher suites and curves ${title} allows; TLS 1.2 with ECDHE, AES-GCM and P-256 reaches Android 5.0 and later`,
      )
    case 'clock':
      return only(say`See whether the clock of ${title} is right`)
    case 'issuer-kind':
      return only(
        say`See whether the issuer of ${{ certificate: at.certificate }} is a root of your own (issued to and by itself). If it is, phones do not have it, and only a certificate from a public authority helps; if not, it is an intermediate that belongs into the chain`,
      )
    case 'ocsp-stapling':
      return only(say`Let ${title} reach the OCSP address over HTTP, or switch OCSP stapling off`)
    case 'client-certificate-binding':
      return only(
        say`See whether ${title} asks for client certificates on this port; AD FS asks on port 49443 or on ${{ code: 'certauth.' }} names only`,
      )
    case 'own-certificate':
      return only(comparison(at.certificate, step, context))
    case 'firewall':
    case 'device-at-address':
    case 'dns':
      return looked(at, step, context)
  }
}

const comparison = (certificate: Sha256, step: Step, context: SpeechContext): Words =>
  say`Compare ${{ certificate }} (thumbprint ${{ code: thumbprint(certificate, context) }}) with what is bound at ${places(step, context)}. If that is another one, TLS inspection answers on the way: have the name exempted there, and change nothing on the servers`

/** Each thing to look at, in its one spelling. */
function looked(at: Lookup, step: Step, context: SpeechContext): Pick<Spoken, 'text' | 'lines'> {
  switch (at.kind) {
    case 'certification-path':
      return { text: say`Look at ${{ certificate: at.certificate }}: ${certificationPath}`, lines: [] }
    case 'bindings':
      return {
        text: say`See which certificate is bound (the first on an AD FS server, the second on a proxy); see whether the name is in the list; an entry headed ${{ code: 'IP:port' }} may overrule the one for the name. AD FS bindings have the application id ${{ code: applicationId }}`,
        lines: [bindingLines.adfs, bindingLines.wap, bindingLines.all],
      }
    case 'own-certificate':
      return { text: comparison(at.certificate, step, context), lines: [bindingLines.adfs, bindingLines.wap] }
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
