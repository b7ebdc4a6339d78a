import { targetingApi37 } from '../android/releases.js'
import { judgeTransparency, type TransparencyCount } from '../android/transparency.js'
import { listed, say, type Words } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming, reissuing } from './support/advice.js'
import { type Shown, shownIn } from './support/answers.js'

export interface Evidence {
  /** Logs that the list of this program lacks would decide. */
  readonly uncertain: boolean
  readonly counts: readonly TransparencyCount[]
}

/** The release whose apps ask for timestamps, where they target its API level. */
const asking = '17'

export const tooFewSct = defineCheck({
  id: 'too-few-sct',
  title: 'The certificate is in too few Certificate Transparency logs',
  sources: [
    'RFC 6962 §3.3',
    'google/conscrypt PolicyImpl.java',
    'frameworks/base NetworkSecurityConfig.java (2026, apps targeting API 37)',
    targetingApi37.source,
  ],
  rules: [],
  run: (farm) =>
    farm.releases.includes(asking)
      ? found(shownIn(farm).flatMap((one) => caseOf(one, farm)))
      : { status: 'not-applicable', why: `only Android ${asking} asks for timestamps` },
  tell: ({ uncertain, counts }, { cases }) => {
    const ways = counts.filter(({ logs, unknownLogs }) => logs + unknownLogs > 0).map(wayWords)
    const consequence = uncertain
      ? say`Whether the logs unknown here count for ${{ releases: [asking] }} cannot be told`
      : say`${{ releases: [asking] }} refuses it in apps that target API 37, unless they trust user-installed or bundled authorities`
    return say`${{ certificate: cases[0]!.certificate! }} has ${ways.length === 0 ? 'no timestamps' : say`timestamps of ${listed(ways)}`}. ${consequence}; older apps and releases do not ask. Google Play will want apps to target it from about ${{ date: new Date(targetingApi37.from) }}.`
  },
  actions: (_evidence, { cases }) => [reissuing(cases[0]!.certificate, { kind: 'other' }), confirming],
})

function caseOf({ seen, answer, leaf, verdicts }: Shown, farm: ExaminedFarm): Case<Evidence>[] {
  const judged = verdicts.find(({ release }) => release === asking)
  const anchor = judged?.kind === 'accepted' ? judged.path.certificates.at(-1) : undefined
  // A private authority logs nothing, and apps that trust it are exempt.
  if (!leaf || !anchor || !farm.isPublicAnchor(anchor.certificate)) return []
  const presented = answer.exchanges.map((exchange) => exchange.presented)
  const verdict = judgeTransparency({
    leaf,
    signedCertificateTimestamps: presented.find(({ timestamps }) => timestamps)?.timestamps ?? null,
    stapledOcsp: presented.find(({ staple }) => staple)?.staple ?? null,
    at: farm.at,
  })
  if (verdict.kind === 'enough') return []
  const uncertain = verdict.kind === 'cannot-tell'
  return [
    {
      facet: leaf.publicKey.algorithm,
      subject: seen.subject.id,
      releases: [asking],
      severity: uncertain ? 'info' : 'warning',
      certificate: leaf.sha256,
      evidence: { uncertain, counts: verdict.counts },
    },
  ]
}

function wayWords(count: TransparencyCount): Words {
  const { delivery, logs, unknownLogs, operators, logsNeeded, operatorsNeeded } = count
  const where = delivery === 'embedded' ? 'in the certificate' : 'in the handshake'
  const known = say`${{ count: [logs, 'known log', 'known logs'] }}${operators.length > 0 ? ` (${operators.join(', ')})` : ''}`
  const unknown = unknownLogs > 0 ? say` and ${{ count: [unknownLogs, 'unknown one', 'unknown ones'] }}` : []
  return say`${known}${unknown} ${where}, where ${`${logsNeeded}`} of ${`${operatorsNeeded}`} operators are wanted`
}
