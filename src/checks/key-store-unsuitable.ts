import type { FileSubject, WindowsRelease } from '../farm/subject.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, found } from './check.js'
import { filesIn } from './support/files.js'

export interface Evidence {
  /** `rsa`, `ec`, …: what only CNG keeps, or a key that says it was kept there. */
  readonly kind: string
  /** As the file names it; null: the kind of key alone decides. */
  readonly provider: string | null
  readonly server: WindowsRelease | null
}

export const keyStoreUnsuitable = defineCheck({
  id: 'key-store-unsuitable',
  title: 'The private key ends up where AD FS may not use it',
  sources: [
    'Microsoft, "AD FS requirements": no CNG keys for the service communications certificate, and on 2012 R2 none for SSL',
    'Microsoft, "AD FS and certificate KeySpec property": 0 is CNG, 1 is AT_KEYEXCHANGE',
  ],
  rules: [],
  run: (farm) => {
    const files = filesIn(farm).filter(({ offered }) => offered.keys.length > 0)
    if (files.length === 0) return { status: 'not-applicable', why: 'no file with a private key was given' }
    return found<Evidence>(files.flatMap(caseOf))
  },
  tell: ({ kind, provider, server }) =>
    say`${provider === null ? `The key is ${kind.toUpperCase()}, which Windows keeps in CNG only` : say`Windows puts the key back into ${{ untrusted: provider }}, which is CNG`}. AD FS takes no CNG key for its service communications certificate${
      server === '2012R2'
        ? ', and on Windows Server 2012 R2 none for SSL'
        : ' (on Windows Server 2012 R2 none for SSL either)'
    }.${provider === null ? ' Order an RSA certificate for that.' : ' Imported into Microsoft RSA SChannel Cryptographic Provider it serves for both.'}`,
  actions: () => [],
})

function caseOf({ id, server, leaf, offered }: FileSubject): Case<Evidence>[] {
  const key = offered.keys.find(({ fits }) => fits.includes(leaf.sha256))
  if (!key?.kind) return []
  const isKept = key.provider !== null && /key storage provider/i.test(key.provider)
  if (key.kind === 'rsa' && !isKept) return []
  return [
    {
      facet: 'cng',
      subject: id,
      releases: [],
      severity: server === '2012R2' ? 'critical' : 'info',
      certificate: leaf.sha256,
      evidence: { kind: key.kind, provider: key.kind === 'rsa' ? key.provider : null, server },
    },
  ]
}
