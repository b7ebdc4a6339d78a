import type { Condition, Repair } from '../examine/examination.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued, type Sha256, shortName } from '../x509/identity.js'
import { nameKey } from '../x509/name-match.js'
import { verifySignature } from '../x509/signature.js'

/**
 * What Windows sends, as far as Microsoft and the field tell: Schannel takes the end-entity certificate only and builds
 * the chain itself, in the computer's context, from the stores Root, CA and My (CERT_CHAIN_ENGINE_CONFIG); of several
 * paths to a trusted root the one of better quality wins, among equals the shortest (KB2831004), and it is sent without
 * the root (KB954755). The model never ran on Windows, and a server's stores cannot be seen from outside.
 */

/** Stores of the computer account, as far as they are known or supposed. */
export interface Stores {
  readonly CA: readonly Certificate[]
  readonly My: readonly Certificate[]
  readonly Root: readonly Certificate[]
  readonly Disallowed: readonly Certificate[]
}

/** Real paths have at most five certificates. */
const maxLength = 9
/** Cross-signed authorities multiply; the signature checks are what costs time, and are made once a pair. */
const maxPaths = 2_000

interface Path {
  readonly certificates: readonly Certificate[]
  readonly trusted: boolean
}

/** What a server with these stores sends for `leaf`: leaf first, no root. */
export function windowsSends({
  leaf,
  stores,
  at,
}: {
  readonly leaf: Certificate
  readonly stores: Stores
  readonly at: Date
}): readonly Certificate[] {
  const anchors = new Set(stores.Root.filter(isSelfIssued).map(({ sha256 }) => sha256))
  const distrusted = new Set(stores.Disallowed.map(({ sha256 }) => sha256))
  const issuersOf = issuerLookup([...stores.Root, ...stores.CA, ...stores.My])
  const paths: Path[] = []
  const walk = (certificates: readonly Certificate[]): void => {
    if (paths.length >= maxPaths) return
    const top = certificates.at(-1)!
    const isTrusted = anchors.has(top.sha256)
    const next =
      isTrusted || isSelfIssued(top) || certificates.length >= maxLength
        ? []
        : issuersOf(top).filter((issuer) => !certificates.some(({ sha256 }) => sha256 === issuer.sha256))
    if (next.length === 0) paths.push({ certificates, trusted: isTrusted })
    for (const issuer of next) walk([...certificates, issuer])
  }
  walk([leaf])

  const late = ({ certificates }: Path) =>
    certificates.slice(1).filter(({ notBefore, notAfter }) => at < notBefore || at > notAfter).length
  const banned = ({ certificates }: Path) => Number(certificates.some(({ sha256 }) => distrusted.has(sha256)))
  const [best] = paths.sort(
    (a, b) =>
      Number(b.trusted) - Number(a.trusted) ||
      banned(a) - banned(b) ||
      late(a) - late(b) ||
      // Without a trusted root Windows sends as far as it got.
      (a.trusted ? 1 : -1) * (a.certificates.length - b.certificates.length) ||
      newer(a, b),
  )
  const sent = best?.certificates ?? [leaf]
  return sent.filter((certificate, index) => index === 0 || !isSelfIssued(certificate))
}

/** Equal input, equal answer: the path whose certificates end later. */
function newer(a: Path, b: Path): number {
  const ends = ({ certificates }: Path) => Math.min(...certificates.map(({ notAfter }) => notAfter.getTime()))
  const hashes = ({ certificates }: Path) => certificates.map(({ sha256 }) => sha256).join()
  return ends(b) - ends(a) || (hashes(a) < hashes(b) ? -1 : 1)
}

function issuerLookup(all: readonly Certificate[]): (child: Certificate) => readonly Certificate[] {
  const bySubject = new Map<string, Certificate[]>()
  for (const certificate of new Map(all.map((one) => [one.sha256, one])).values()) {
    const key = nameKey(certificate.subject)
    bySubject.set(key, [...(bySubject.get(key) ?? []), certificate])
  }
  const known = new Map<Sha256, readonly Certificate[]>()
  return (child) => {
    let issuers = known.get(child.sha256)
    if (!issuers) {
      const named = bySubject.get(nameKey(child.issuer)) ?? []
      issuers = named.filter((issuer) => verifySignature(child, issuer))
      known.set(child.sha256, issuers)
    }
    return issuers
  }
}

export interface Supposed {
  /** What the server sends today, in order. */
  readonly presented: readonly Certificate[]
  readonly repair: Pick<Repair, 'add' | 'drop' | 'chain'>
  /**
   * Self-signed certificates that a server may trust: the roots of every trust store, what the operator gave, and what
   * came with the issuers that were fetched. Others are left out.
   */
  readonly rootsKnown: readonly Certificate[]
  readonly at: Date
}

/**
 * Whether Windows sends `repair.chain` once `repair.add` is imported, and what else must hold: without these conditions
 * another path would win. `predicted: false`: it would not, whatever is done of what we know.
 */
export function prediction({ presented, repair, rootsKnown, at }: Supposed): Repair['takesEffect'] {
  const [leaf] = repair.chain
  if (!leaf) return { predicted: false, unless: [] }
  const wanted = repair.chain.map(({ sha256 }) => sha256).join()
  const belongs = new Set(repair.chain.map(({ sha256 }) => sha256))
  const unless: Condition[] = []
  let roots = [...rootsKnown, ...presented].filter(isSelfIssued)
  let intermediates = [
    ...new Map(
      [...repair.chain.slice(1), ...repair.add.map(({ certificate }) => certificate), ...presented.slice(1)]
        .filter((certificate) => !isSelfIssued(certificate))
        .map((certificate) => [certificate.sha256, certificate]),
    ).values(),
  ]

  for (const crossed of repair.chain.slice(1)) {
    const twins = roots.filter((root) => isTwin(root, crossed))
    for (const { sha256 } of new Map(twins.map((twin) => [twin.sha256, twin])).values())
      unless.push({ kind: 'root-disabled', root: sha256, twinOf: crossed.sha256 })
    if (twins.length === 0 && mayHaveTwin(crossed, repair))
      unless.push({ kind: 'root-disabled', root: null, twinOf: crossed.sha256 })
    roots = roots.filter((root) => !twins.includes(root))
  }

  const sends = () =>
    windowsSends({ leaf, stores: { CA: intermediates, My: [leaf], Root: roots, Disallowed: [] }, at })
  let sent = sends()
  for (;;) {
    const stray = sent.find(({ sha256 }) => !belongs.has(sha256))
    if (!stray) break
    unless.push({ kind: 'removed', certificate: stray.sha256 })
    intermediates = intermediates.filter(({ sha256 }) => sha256 !== stray.sha256)
    sent = sends()
  }
  // Windows never sends a root: whoever does has a bundle of his own, and these stores may not matter.
  if (presented.slice(1).some(isSelfIssued)) unless.push({ kind: 'windows-ends-tls' })
  return { predicted: sent.map(({ sha256 }) => sha256).join() === wanted, unless }
}

/** The self-signed form of a cross-signed authority: same name, same key. */
export const isTwin = (root: Certificate, crossed: Certificate): boolean =>
  isSelfIssued(root) && !isSelfIssued(crossed) && isSameAuthority(root, crossed)

const isSameAuthority = (a: Certificate, b: Certificate): boolean =>
  a.publicKey.spkiSha256 === b.publicKey.spkiSha256 && nameKey(a.subject) === nameKey(b.subject)

/**
 * Whether an authority may well be a root that was cross-signed, though nobody showed its self-signed twin: it is named a
 * root, and its certificate is new to the server or one of two that were sent, the other of which is to go. Below a
 * policy authority a twin is so unlikely that the kit's README has the one line for it.
 */
function mayHaveTwin(crossed: Certificate, { add, drop, chain }: Supposed['repair']): boolean {
  const isNew = add.some(({ certificate }) => certificate.sha256 === crossed.sha256)
  const hasRival = drop.some(({ certificate }) => isSameAuthority(certificate, crossed))
  const depth = chain.findIndex(({ sha256 }) => sha256 === crossed.sha256)
  return (isNew || hasRival) && depth >= 2 && /\broot\b/i.test(shortName(crossed.subject))
}
