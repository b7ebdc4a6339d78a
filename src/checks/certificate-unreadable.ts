import type { Release } from '../android/releases.js'
import { defineCheck, type Finding } from './check.js'
import { refusals } from './support/refusals.js'
import { atServer, confirm } from './support/steps.js'
import { affected, listSome, safe } from './support/wording.js'

const rules = ['unreadable'] as const

interface Evidence {
  readonly entries: readonly { readonly index: number; readonly field: string; readonly message: string }[]
  /** What single releases cannot read although this program can. */
  readonly details: readonly string[]
}

export const certificateUnreadable = defineCheck<Evidence>({
  id: 'certificate-unreadable',
  severity: 'error',
  title: 'A certificate cannot be read',
  sources: [
    'RFC 5280 §4.1',
    'conscrypt OpenSSLX509Certificate.java@android-16.0.0_r2',
    'sun.security.x509.X509CertImpl (7.0 and later)',
  ],
  rules,
  run: (context) =>
    context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const refused = refusals({ ...context, endpoints: [endpoint] }, rules)
      if (refused.length === 0 && endpoint.unreadable.length === 0) return []
      const releases = new Set<Release>(refused.flatMap((refusal) => refusal.releases))
      // Releases may pass over what this program does not read: bytes after an intermediate, from 9 on.
      if (endpoint.verdicts.length > 0 && releases.size === 0) return []
      return [
        {
          endpoint: endpoint.id,
          releases: context.releases.filter(
            (release) => endpoint.verdicts.length === 0 || releases.has(release),
          ),
          evidence: {
            entries: endpoint.unreadable.map(({ index, problem }) => ({
              index,
              field: safe(problem.field),
              message: safe(problem.message),
            })),
            details: endpoint.unreadable.length > 0 ? [] : refused.flatMap(({ details }) => details),
          },
        },
      ]
    }),
  message({ entries, details }, finding, context) {
    const what = entries.map(({ index, field, message }) => `presented[${index}] (${field}: ${message})`)
    return what.length > 0
      ? `The list holds bytes that are no readable certificate: ${listSome(what)}. A phone reads every entry of the list and ends the handshake on the first that it cannot: ${affected(finding.releases, context)} refuses the server.`
      : `${listSome(details)}: ${affected(finding.releases, context)} cannot read it and refuses the server.`
  },
  steps: (_evidence, finding, context) => [
    `Windows sends only certificates that it can read, so a device at ${finding.endpoint ?? 'this address'} sends a damaged bundle. Its administrator: write the PEM bundle anew from the original files, without text between the certificates.`,
    `If it is ${atServer(finding)} itself: ask the authority for the certificate again and import that.`,
    confirm(context, finding, 'every certificate can be read'),
  ],
})
