import type { FileSubject, WindowsRelease } from '../farm/subject.js'
import { listed, say } from '../words/words.js'
import { type Case, defineCheck, found } from './check.js'
import { filesIn } from './support/files.js'

export interface Evidence {
  /** What they cannot read: ciphers and digests. */
  readonly with: readonly string[]
  /** Where it is to be imported; null: not said. */
  readonly server: WindowsRelease | null
}

export const pfxUnreadableByServer = defineCheck({
  id: 'pfx-unreadable-by-server',
  title: 'Older Windows Servers cannot open the PFX file',
  sources: [
    'Microsoft, wincrypt.h PKCS12_PBES2_EXPORT_PARAMS: AES256-SHA256 from Windows Server 2019',
    'RFC 7292 appendix C (TripleDES-SHA1)',
  ],
  rules: [],
  run: (farm) => {
    const files = filesIn(farm).filter(({ offered }) => offered.protection !== null)
    if (files.length === 0) return { status: 'not-applicable', why: 'no PKCS #12 file was given' }
    return found<Evidence>(files.flatMap(caseOf))
  },
  tell: ({ with: means, server }) =>
    say`The file is protected with ${listed(means.map((mean) => [mean]))}. Windows Server 2016 and 2012 R2 cannot open it and say that the password is wrong${server === null ? '' : `; it is for Windows Server ${server}`}. Exported with TripleDES-SHA1 it opens everywhere.`,
  actions: () => [],
})

const old: readonly (WindowsRelease | null)[] = ['2012R2', '2016']

function caseOf({ id, server, leaf, offered }: FileSubject): Case<Evidence>[] {
  const ciphers = [...(offered.protection?.safes ?? []), ...offered.keys.map(({ cipher }) => cipher)]
  const { mac } = offered.protection ?? {}
  const modern = [
    ...new Set(ciphers.filter((cipher) => cipher?.startsWith('AES'))),
    ...(mac && mac !== 'sha1' ? [`HMAC-${mac.toUpperCase()}`] : []),
  ].map(String)
  if (modern.length === 0 || (server !== null && !old.includes(server))) return []
  return [
    {
      facet: 'encryption',
      subject: id,
      releases: [],
      severity: server === null ? 'info' : 'critical',
      certificate: leaf.sha256,
      evidence: { with: modern, server },
    },
  ]
}
