import type { SubjectId } from '../farm/subject.js'
import { type Change, changesOf } from '../gate/lockfile.js'
import { listed, say, type Words } from '../words/words.js'
import { type Case, defineCheck, found } from './check.js'

/** `unknown-farm`: the lock file says nothing of this farm. */
export type Evidence = Change | { readonly kind: 'unknown-farm' }

export const lockedOutcomeChanged = defineCheck({
  id: 'locked-outcome-changed',
  title: 'The farm is not what the lock file says',
  sources: ['adfs-check.lock, docs/reference/lock.md'],
  rules: [],
  run: ({ lock, examinations, releases }) => {
    if (lock === undefined) return { status: 'not-applicable', why: 'no lock file was given' }
    if (lock === null) return found([caseOf({ kind: 'unknown-farm' }, null)])
    return found<Evidence>(
      examinations.flatMap((one) =>
        one.kind === 'seen'
          ? changesOf(one, lock, releases).map((change) => caseOf(change, one.subject.id))
          : [],
      ),
    )
  },
  tell: (change) => say`${told(change)}. Where that is meant, write the lock file anew.`,
  actions: () => [],
})

function told(change: Evidence): Words {
  switch (change.kind) {
    case 'unknown-farm':
      return say`The lock file does not hold this farm, so nothing is compared`
    case 'release':
      return say`${{ releases: [change.release] }} accepted this farm when it was locked and ${change.verdict === 'refused' ? 'refuses it now' : 'depends now on what cannot be seen from here'}`
    case 'name':
      return say`The certificate no longer has ${{ untrusted: change.name }}`
    case 'root':
      return say`The chain ends at another root than those locked: ${{ untrusted: change.name }}`
    case 'issuer':
      return say`The certificate was issued by another authority than those locked: ${{ untrusted: change.name }}`
    case 'key':
      return say`The key is ${change.key}; locked is ${listed(change.allowed.map((key) => [`${key} or more`]))}`
  }
}

function facetOf(change: Evidence): string {
  switch (change.kind) {
    case 'unknown-farm':
      return change.kind
    case 'release':
      return `release ${change.release}`
    case 'root':
      return `root ${change.spkiSha256}`
    case 'key':
      return `key ${change.key}`
    default:
      return `${change.kind} ${change.name}`
  }
}

/** A refusal is critical by the finding that owns it; that it is new is said beside it. */
const caseOf = (change: Evidence, subject: SubjectId | null): Case<Evidence> => ({
  facet: facetOf(change),
  subject,
  releases: [],
  severity: 'warning',
  certificate: null,
  evidence: change,
})
