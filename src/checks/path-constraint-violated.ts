import { rules as catalogue } from '../android/rules.js'
import { failsByItsDot } from '../path/name-constraints-libcore.js'
import { libcoreView } from '../path/view-libcore.js'
import { say, type Words } from '../words/words.js'
import { type Sha256, shortName } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming, reissuing, renewing, replacing } from './support/advice.js'
import {
  called,
  concerned,
  distinct,
  mergeCases,
  type Placed,
  placed,
  type Shown,
} from './support/answers.js'
import { factWords } from './support/facts.js'
import { whichList } from './support/lists.js'
import { type Refusal, type RefusalEvidence, refusalCase, refusalsOf } from './support/refusals.js'

const rules = [
  'not-a-ca',
  'path-length',
  'name-constraints',
  'policy',
  'critical-extension',
  'aki-mismatch',
  'name-chaining',
] as const

export interface Evidence extends RefusalEvidence {
  /** The authority whose limit is exceeded, where the rule is about one. */
  readonly limitedBy: (Placed & { readonly name: string }) | null
  readonly leaf: Sha256 | null
  /** Permitted DNS names, raw, with a leading dot that would cover a name of the leaf without it, and whose they are. */
  readonly dotted: readonly (Placed & { readonly constraint: string })[]
}

export const pathConstraintViolated = defineCheck({
  id: 'path-constraint-violated',
  title: 'The chain breaks a rule of certification paths',
  sources: [
    'RFC 5280 §6.1',
    'bouncycastle RFC3280CertPathUtilities (4.4-6.0), sun.security.provider.certpath (7.0 and later)',
  ],
  rules,
  run: (farm) => found(mergeCases(refusalsOf(farm, rules).map((refusal) => caseOf(farm, refusal)))),
  tell(evidence, told) {
    const { certificate, limitedBy, details, dotted } = evidence
    const subject: Words = certificate ? called(certificate) : ['a certificate of the path']
    const facts = factWords(details)
    const fact =
      evidence.rules[0] === 'name-constraints' && limitedBy
        ? say`${subject} carries a name that ${called(limitedBy)} does not permit`
        : evidence.rules[0] === 'path-length' && limitedBy
          ? say`${called(limitedBy)} allows fewer authorities below it than there are (${facts})`
          : say`${evidence.rules.map((rule) => catalogue[rule].title).join('; ')}: ${subject} (${facts})`
    const dots = dotted.flatMap(
      (one) =>
        say` ${called(one)} permits ${{ untrusted: one.constraint }} with a dot in front: Android 7 and later take that to cover no name at all, Windows and older Android the whole domain.`,
    )
    const isReplaced = replacing(told, (limitedBy ?? certificate)?.sha256 ?? '') !== null
    const cure = isReplaced
      ? 'Another certificate of the same authority, without this fault, can take its place.'
      : dotted.length > 0
        ? 'It must be issued anew, without the dot; the certificates below it stay.'
        : 'Nothing that is set on a server cures it: a certificate of the chain must be issued anew.'
    return say`${whichList(evidence, told)}${fact}; ${concerned(evidence, told)} refuses the server.${dots} ${cure}`
  },
  actions({ certificate, limitedBy, leaf, dotted, rules: [rule] }, told) {
    const culprit = limitedBy ?? certificate
    const replaced = culprit && replacing(told, culprit.sha256)
    if (replaced) return replaced
    if (dotted.length > 0)
      return dotted.flatMap(({ sha256, constraint }) =>
        renewing(sha256, { kind: 'constraint-without-dot', constraint }),
      )
    // What an authority may not certify is meant so: the name must come from another one.
    if (!culprit || culprit.position === 0 || rule === 'name-constraints') {
      const demand = culprit ? ({ kind: 'constraints', certificate: culprit.sha256 } as const) : null
      return [reissuing(leaf, demand ?? { kind: 'other' }), confirming]
    }
    return renewing(culprit.sha256, {
      kind: rule === 'not-a-ca' ? 'is-authority' : rule === 'path-length' ? 'path-length' : 'other',
    })
  },
})

function caseOf(farm: ExaminedFarm, refusal: Refusal): Case<Evidence> {
  const one = refusalCase(farm, refusal)
  const limited = limiting(refusal)
  return {
    ...one,
    certificate: limited?.sha256 ?? one.certificate,
    evidence: {
      ...one.evidence,
      limitedBy: limited ? { ...placed(refusal.shown, limited), name: shortName(limited.subject) } : null,
      leaf: refusal.shown.leaf?.sha256 ?? null,
      dotted: refusal.rules.includes('name-constraints') ? dottedOn(refusal.shown) : [],
    },
  }
}

/** Of 7.0 and later; on older releases such a constraint covers the domain. */
function dottedOn(shown: Shown): Evidence['dotted'] {
  const hosts = (shown.leaf?.subjectAltNames ?? []).filter(({ type }) => type === 'dns')
  return distinct(shown.certificates).flatMap((certificate) => {
    const permitted = libcoreView(certificate).nameConstraints?.permitted ?? []
    const base = permitted.find((subtree) => hosts.some(({ value }) => failsByItsDot(subtree, value)))?.name
    return base?.kind === 'dns' ? [{ ...placed(shown, certificate), constraint: base.text }] : []
  })
}

/** The nearest authority above the certificate refused that says what stands below it: RFC 5280 §4.2.1.9, §4.2.1.10. */
function limiting({ rules: [rule], certificate, paths }: Refusal) {
  const path = paths.find(({ problems }) => problems.some((one) => one.rule === rule))?.certificates ?? []
  const at = path.findIndex((one) => one.certificate.sha256 === certificate)
  const above = path.slice(at + 1).map((one) => one.certificate)
  switch (rule) {
    case 'name-constraints':
      return above.find(({ extensions }) => extensions.some(({ oid }) => oid === '2.5.29.30')) ?? null
    case 'path-length':
      return above.find(({ basicConstraints }) => (basicConstraints?.pathLength ?? null) !== null) ?? null
    default:
      return null
  }
}
