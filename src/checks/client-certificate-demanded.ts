import type { Seen } from '../examine/examination.js'
import { userCertificateName, userCertificatePort } from '../farm/inventory.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { seenOf } from './support/answers.js'
import { namedExchanges } from './support/handshake.js'

/** The server asks every client for a certificate where AD FS does not. */
export const clientCertificateDemanded = defineCheck({
  id: 'client-certificate-demanded',
  title: 'The server asks phones for a client certificate',
  sources: [
    'RFC 8446 §4.3.2',
    'RFC 5246 §7.4.4',
    'Microsoft: AD FS support for alternate hostname binding for certificate authentication',
  ],
  rules: [],
  run: (farm) => {
    const seen = seenOf(farm).filter(isOrdinary)
    return seen.length === 0
      ? { status: 'not-applicable', why: 'users are asked for certificates here by design' }
      : found(seen.flatMap((one) => caseOf(one, farm)))
  },
  tell: (_evidence, { releases }) =>
    say`The server asks ${{ releases }} for a client certificate in the handshake. Phones without one send none; whether it goes on then cannot be seen, because this check ends before. AD FS asks for user certificates on port 49443 or under a name that begins with certauth., not here.`,
  actions: () => [
    { action: { verb: 'look', at: { kind: 'client-certificate-binding' } }, by: 'adfs-admin' },
    { action: { verb: 'look', at: { kind: 'device-at-address' } }, by: 'network-admin' },
    { action: { verb: 'confirm' } },
  ],
})

const isOrdinary = ({ subject }: Seen): boolean =>
  subject.kind === 'served' &&
  subject.port !== userCertificatePort &&
  !subject.name?.ascii.startsWith(userCertificateName)

function caseOf(seen: Seen, farm: ExaminedFarm): Case<null>[] {
  const asking = new Set(
    seen.answers.flatMap((answer) =>
      namedExchanges(seen, answer).some(({ presented }) => presented.handshake?.clientCertificateRequested)
        ? [answer.id]
        : [],
    ),
  )
  const releases = farm.releases.filter((release) =>
    seen.reach.some((reach) => reach.release === release && reach.answers.some((id) => asking.has(id))),
  )
  return releases.length === 0
    ? []
    : [
        {
          facet: 'request',
          subject: seen.subject.id,
          releases,
          severity: 'warning',
          certificate: null,
          evidence: null,
        },
      ]
}
