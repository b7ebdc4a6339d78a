import { say } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'
import { nameKey } from '../x509/name-match.js'
import { type Case, defineCheck, type ExaminedFarm, found, type Renewal } from './check.js'
import { answersOf, distinct, seenOf } from './support/answers.js'
import { isSelfSigned } from './support/chain.js'
import { neededIn } from './support/no-anchor.js'

export interface Evidence {
  readonly certificate: Sha256
  /** `twin`: an intermediate of the new chain has its name, so that Windows may take it for that one. */
  readonly why: 'twin' | 'expired' | 'left'
}

/**
 * After a renewal: intermediates of the old chain that the new one does without. Whether a store holds one cannot be seen
 * from outside, and one that is left breaks nothing today, so it is a remark.
 */
export const intermediateNoLongerNeeded = defineCheck({
  id: 'intermediate-no-longer-needed',
  title: 'An intermediate of the old chain is no longer needed',
  sources: ['Microsoft: CertGetCertificateChain (several issuers of one name)'],
  rules: [],
  run: (farm) =>
    farm.renewal === undefined
      ? { status: 'not-applicable', why: 'no new certificate was named' }
      : found(casesOf(farm, farm.renewal)),
  tell: ({ certificate, why }) => {
    const because = {
      twin: 'The new chain has another intermediate of that name, and Windows may send the wrong one of the two one day',
      expired: 'It has expired',
      left: 'Nothing that this farm sends needs it',
    }[why]
    return say`${{ certificate }} belongs to the old chain. ${because}: where the server still has it, and no other certificate there was issued by it, it can go.`
  },
  brief: ({ certificate }) => say`${{ certificate }} can go`,
  actions: ({ certificate }) => [{ action: { verb: 'tidy', certificate } }],
})

/** At servers that show the new certificate: those with the old one need its chain. */
function casesOf(farm: ExaminedFarm, { leaf, before }: Renewal): Case<Evidence>[] {
  const renewed = seenOf(farm).filter((seen) => {
    const leaves = answersOf(seen).map((shown) => shown.leaf?.sha256)
    return (
      seen.subject.kind === 'served' && leaves.length > 0 && leaves.every((sha256) => sha256 === leaf.sha256)
    )
  })
  const elsewhere = seenOf(farm).filter((seen) => !renewed.includes(seen))
  const needed = distinct(renewed.flatMap(answersOf).flatMap((shown) => [...neededIn(shown)]))
  const isNeeded = ({ sha256 }: Certificate) => needed.some((one) => one.sha256 === sha256)
  const old = distinct([
    ...before,
    ...elsewhere.flatMap(answersOf).flatMap(({ certificates }) => certificates.slice(1)),
  ]).filter((one) => one.basicConstraints?.ca && !isSelfSigned(one) && !isNeeded(one))
  return renewed.flatMap(({ subject }) =>
    old.map((certificate): Case<Evidence> => {
      const isTwin = needed.some(({ subject: name }) => nameKey(name) === nameKey(certificate.subject))
      return {
        facet: `${certificate.subject.text} ${certificate.subjectKeyIdentifier ?? ''}`.trimEnd(),
        subject: subject.id,
        releases: [],
        severity: 'info',
        certificate: certificate.sha256,
        evidence: {
          certificate: certificate.sha256,
          why: isTwin ? 'twin' : certificate.notAfter < farm.at ? 'expired' : 'left',
        },
      }
    }),
  )
}
