import type { FileSubject } from '../farm/subject.js'
import { listed, say } from '../words/words.js'
import { type Case, defineCheck, found } from './check.js'
import { filesIn } from './support/files.js'

export interface Evidence {
  /** `missing`: the file has none. `other`: none of its keys is this certificate's. `closed`: could not be opened. */
  readonly kind: 'missing' | 'other' | 'closed'
  /** Why keys could not be opened. */
  readonly problems: readonly string[]
}

export const privateKeyNotFitting = defineCheck({
  id: 'private-key-not-fitting',
  title: 'The file has no private key for its certificate',
  sources: [
    'RFC 7292 §4.2 (key bags)',
    'Microsoft, "Manage SSL certificates in AD FS and WAP": import with the private key',
  ],
  rules: [],
  run: (farm) => {
    const files = filesIn(farm).filter(holdsKeys)
    if (files.length === 0)
      return { status: 'not-applicable', why: 'no file that is meant to hold a private key was given' }
    return found<Evidence>(files.flatMap(caseOf))
  },
  tell: ({ kind, problems }) =>
    ({
      missing: say`The PKCS #12 file holds no private key: Windows imports the certificate, and AD FS cannot be set to it.`,
      other: say`No private key in the file belongs to its certificate: a server that has it bound cannot prove that it owns it.`,
      closed: say`A private key in the file ${listed(problems.map((problem) => [problem]))}, so whether it belongs to the certificate is not known.`,
    })[kind],
  actions: () => [],
})

/** Certificates alone (.cer, .p7b) are for looking at, and are imported where the key was made. */
const holdsKeys = ({ offered: { container, keys } }: FileSubject): boolean =>
  container === 'PKCS #12' || keys.length > 0

function caseOf({ id, leaf, offered: { keys } }: FileSubject): Case<Evidence>[] {
  if (keys.some(({ fits }) => fits.includes(leaf.sha256))) return []
  const problems = [...new Set(keys.flatMap(({ problem }) => problem ?? []))]
  const kind = keys.length === 0 ? 'missing' : problems.length > 0 ? 'closed' : 'other'
  const severity = kind === 'closed' ? 'warning' : 'critical'
  return [
    {
      facet: kind,
      subject: id,
      releases: [],
      severity,
      certificate: leaf.sha256,
      evidence: { kind, problems },
    },
  ]
}
