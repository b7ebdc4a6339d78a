import { defineCheck, type Finding } from './check.js'
import { distinct, factOf, leafOf } from './support/certificates.js'
import { isSelfSigned } from './support/chain.js'
import { confirm } from './support/steps.js'
import { day, listSome, plural } from './support/wording.js'

interface Group {
  readonly endpoints: readonly string[]
  readonly leaf: { readonly name: string; readonly sha256: string; readonly notAfter: string }
  /** Intermediates sent, name and start of the hash: stale ones bear the same name. */
  readonly intermediates: readonly string[]
}

interface Evidence {
  readonly differs: 'leaf' | 'intermediates'
  readonly groups: readonly Group[]
}

export const serversDiffer = defineCheck<Evidence>({
  id: 'servers-differ',
  severity: 'warning',
  title: 'The servers of the farm do not send the same certificates',
  sources: ['Microsoft: AD FS requirements, AD FS FAQ (ExtendedProtectionTokenCheck)'],
  rules: [],
  run(context) {
    const groups = new Map<string, Group>()
    for (const endpoint of context.endpoints) {
      const leaf = leafOf(endpoint)
      if (!leaf) continue
      // Order, copies and roots change nothing for a phone and have findings of their own.
      const others = endpoint.presented.filter(
        (certificate) => certificate.sha256 !== leaf.sha256 && !isSelfSigned(certificate),
      )
      const key = [leaf.sha256, ...new Set(others.map(({ sha256 }) => sha256).sort())].join()
      const { name, sha256, notAfter } = factOf(leaf)
      groups.set(key, {
        endpoints: [...(groups.get(key)?.endpoints ?? []), endpoint.id],
        leaf: { name, sha256, notAfter },
        intermediates: distinct(others)
          .map((certificate) => factOf(certificate))
          .map(({ name, sha256: hash }) => `"${name}", SHA-256 ${hash.slice(0, 8)}...`),
      })
    }
    if (groups.size < 2) return []
    const all = [...groups.values()]
    const differs = new Set(all.map(({ leaf }) => leaf.sha256)).size > 1 ? 'leaf' : 'intermediates'
    const finding: Finding<Evidence> = { endpoint: null, releases: [], evidence: { differs, groups: all } }
    return [finding]
  },
  message({ differs, groups }) {
    const lines = groups.map(({ endpoints, leaf, intermediates }) => {
      const own =
        differs === 'leaf'
          ? `"${leaf.name}" (SHA-256 ${leaf.sha256.slice(0, 12)}..., until ${day(leaf.notAfter)}) and `
          : ''
      const chain =
        intermediates.length > 0
          ? `${plural(intermediates.length, 'intermediate')} (${listSome(intermediates, 4)})`
          : 'no intermediate'
      return `${listSome(endpoints, 6)}: ${own}${chain}`
    })
    const consequence =
      differs === 'leaf'
        ? 'Phones meet one or the other; and where extended protection or Windows authentication through the proxy is used, AD FS and its proxies must have the same certificate.'
        : 'Which one a phone meets is chance, so sign-in fails now and then.'
    return `${lines.join('; ')}. ${consequence}`
  },
  steps: ({ differs }, finding, context) => [
    differs === 'leaf'
      ? 'AD FS administrator: compare Get-AdfsSslCertificate on each AD FS server with Get-WebApplicationProxySslCertificate on each proxy; import the newest PFX into Cert:\\LocalMachine\\My where it lacks and set it: Set-AdfsSslCertificate -Thumbprint THUMBPRINT on the primary, Set-WebApplicationProxySslCertificate -Thumbprint THUMBPRINT on each proxy. A load balancer that ends TLS has a certificate of its own.'
      : 'AD FS administrator: bring the intermediates of the servers that send most to the others: Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA there, remove stale ones of the same name, then Restart-Service adfssrv, on a proxy also appproxysvc.',
    confirm(context, finding, 'all servers send the same; --server checks one alone'),
  ],
})
