import { sameHarmonyName } from '../path/name-harmony.js'
import { validateAsBc } from '../path/pkix-bc.js'
import { isSignedAsConscrypt } from '../path/signature-conscrypt.js'
import type { Certificate } from '../x509/certificate.js'
import { blockedKey } from './blocklist.js'
import { Attempts, anchorFor, deadEnd, entries, type Search, type SearchResult } from './path-search.js'
import { strengthProblem } from './strength.js'
import type { Problem } from './verdict.js'

/**
 * Builder A, Android 4.4 to 6.0.1 (conscrypt TrustManagerImpl@5.0.0_r1 and @6.0.1_r22,
 * #cleanupCertChainAndFindTrustAnchors): one path, put together by names alone, and no way back.
 */
export function searchGreedily(search: Search): SearchResult {
  const { certificates, remembered } = addRemembered(search, chainByName(search.presented))
  const anchored = cutAtAnchor(search, certificates)
  const attempts = new Attempts()
  const path = anchored?.path ?? certificates
  const pathEntries = entries(path, (c) => (remembered.has(c) ? 'remembered' : 'presented'))
  if (!anchored) {
    attempts.add(pathEntries, deadEnd(search, path.at(-1)!), false)
    return { accepted: null, attempts: attempts.list }
  }
  const whole = [...pathEntries, { certificate: anchored.anchor, origin: 'anchor' as const }]
  const found = pathProblem(search, path, anchored.anchor)
  if (!found) return { accepted: { certificates: whole, problems: [] }, attempts: [] }
  attempts.add(whole, found, true)
  return { accepted: null, attempts: attempts.list }
}

/** From the leaf on, the first later certificate that has the issuer's name; swapped into place, as the original does. */
function chainByName(presented: readonly Certificate[]): Certificate[] {
  const chain = [...presented]
  for (let i = 0; ; i++) {
    const next = chain.findIndex(
      (candidate, j) => j > i && sameHarmonyName(chain[i]!.issuer, candidate.subject),
    )
    if (next < 0) return chain.slice(0, i + 1)
    ;[chain[i + 1], chain[next]] = [chain[next]!, chain[i + 1]!]
  }
}

/** Intermediates the process has met are appended while they fit by name and signature. */
function addRemembered(
  search: Search,
  chain: readonly Certificate[],
): { certificates: readonly Certificate[]; remembered: ReadonlySet<Certificate> } {
  const certificates = [...chain]
  const remembered = new Set<Certificate>()
  // The original does not look whether it has been there before; each counts once here.
  for (let added = 0; added < search.remembered.length; added++) {
    const last = certificates.at(-1)!
    const next = search.remembered.find(
      (c) => !remembered.has(c) && sameHarmonyName(last.issuer, c.subject) && isSigned(search, last, c),
    )
    if (!next) break
    certificates.push(next)
    remembered.add(next)
  }
  return { certificates, remembered }
}

/** The first certificate that is an anchor by name and key ends the path; otherwise the last one's issuer is wanted. */
function cutAtAnchor(
  search: Search,
  chain: readonly Certificate[],
): { path: readonly Certificate[]; anchor: Certificate } | null {
  for (const [i, certificate] of chain.entries()) {
    const anchor = anchorFor(search, certificate)
    if (anchor) return { path: chain.slice(0, i), anchor }
  }
  const last = chain.at(-1)!
  const anchor = search.anchors.named(last.issuer).find((candidate) => isSigned(search, last, candidate))
  return anchor ? { path: chain, anchor } : null
}

const isSigned = (
  { budget, rules: { keyForms } }: Search,
  child: Certificate,
  issuer: Certificate,
): boolean => isSignedAsConscrypt(child, issuer, { budget, keyForms })

function pathProblem(
  { at, rules, budget }: Search,
  path: readonly Certificate[],
  anchor: Certificate,
): Problem | null {
  const [leaf] = path
  // A leaf that is itself trusted is accepted unseen.
  if (!leaf) return null
  for (const certificate of path) {
    const weak = strengthProblem(certificate, rules.strength, rules.keyForms)
    if (weak) return weak
  }
  // The validator was patched to look at the keys that issue and at the serial number of the leaf alone.
  for (const { publicKey, sha256, subject } of [...path.slice(1), anchor]) {
    const owner = blockedKey(publicKey)
    if (owner)
      return {
        rule: 'blocklisted',
        certificate: sha256,
        detail: `the key of "${subject.text}" is ${owner}`,
      }
  }
  if (rules.blockedSerials.includes(leaf.serialNumber.replace(/^(?:00)+(?=..)/, ''))) {
    return { rule: 'blocklisted', certificate: leaf.sha256, detail: `serial number ${leaf.serialNumber}` }
  }
  const { bouncyCastle, keyForms } = rules
  return validateAsBc({ certificates: path, anchor, at, version: bouncyCastle!, keyForms, budget })
}
