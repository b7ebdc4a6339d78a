import type { Certificate, Extension } from '../x509/certificate.js'
import {
  bytesOf,
  childrenOf,
  contentOf,
  DerError,
  type Element,
  expectTag,
  hexOf,
  onlyElement,
  tags,
} from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'
import { readName } from '../x509/name.js'
import { algorithmOf } from '../x509/parse.js'
import { type Policy, pathExtensions, type Subtree } from './extensions.js'
import { type LibcoreName, readLibcoreName, readLibcoreNames } from './general-names-libcore.js'

/** A subtree of a name constraint; distances other than "everything below" make the check fail. */
export interface LibcoreSubtree {
  readonly name: LibcoreName
  readonly hasDistance: boolean
}

/**
 * A certificate as `sun.security.x509.X509CertImpl` sees it. It differs from the plain view in this: an extension that
 * cannot be read does not exist unless it is critical, and then the whole certificate cannot be read.
 */
export interface LibcoreView {
  /** Why libcore refuses to decode the certificate; null: it does not. */
  readonly undecodable: string | null
  /** The integer with redundant leading octets that the newer reader refuses; null: none. */
  readonly paddedInteger: string | null
  /** Said where only one of the two algorithm identifiers spells out NULL parameters. */
  readonly algorithmsDifferInNull: string | null
  /** `getBasicConstraints()`: -1 for no authority, Infinity for no limit. */
  readonly pathLength: number
  readonly names: readonly LibcoreName[] | null
  readonly nameConstraints: {
    readonly permitted: readonly LibcoreSubtree[] | null
    readonly excluded: readonly LibcoreSubtree[] | null
  } | null
  readonly policies: readonly Policy[] | null
  readonly policyMappings: readonly (readonly [string, string])[] | null
  readonly requireExplicitPolicy: number | null
  readonly inhibitPolicyMapping: number | null
  readonly inhibitAnyPolicy: number | null
  readonly authorityKeyIdentifier: {
    readonly keyIdentifier: string | null
    readonly serialNumber: string | null
  } | null
}

const remembered = new WeakMap<Certificate, LibcoreView>()

export function libcoreView(certificate: Certificate): LibcoreView {
  let view = remembered.get(certificate)
  if (!view) {
    view = viewOf(certificate)
    remembered.set(certificate, view)
  }
  return view
}

function viewOf(certificate: Certificate): LibcoreView {
  const extensions = pathExtensions(certificate)
  const unreadable = new Set([...certificate.unreadable, ...extensions.unreadable])
  const read = <T>(oid: string, reader: (extension: Extension) => T): T | null => {
    const extension = certificate.extensions.find((candidate) => candidate.oid === oid)
    if (!extension) return null
    try {
      return reader(extension)
    } catch (error) {
      if (!(error instanceof DerError)) throw error
      unreadable.add(oid)
      return null
    }
  }
  // The plain view is more lenient or stricter in places; only libcore's reading of these counts.
  unreadable.delete(extensionOids.subjectAltName)
  const names = read(extensionOids.subjectAltName, ({ value }) =>
    readLibcoreNames(onlyElement(value, tags.sequence)),
  )
  const nameConstraints = read(extensionOids.nameConstraints, () => ({
    permitted: extensions.nameConstraints?.permitted?.map(libcoreSubtree) ?? null,
    excluded: extensions.nameConstraints?.excluded?.map(libcoreSubtree) ?? null,
  }))
  const authorityKeyIdentifier = read(extensionOids.authorityKeyIdentifier, ({ value }) =>
    authorityKeyIdentifierOf(onlyElement(value)),
  )
  // InhibitAnyPolicyExtension insists on being critical.
  const skipCerts = read(extensionOids.inhibitAnyPolicy, ({ critical }) => {
    if (!critical || (extensions.inhibitAnyPolicy ?? 0) < -1) throw new DerError('not critical', 0)
    return extensions.inhibitAnyPolicy === -1 ? Number.POSITIVE_INFINITY : extensions.inhibitAnyPolicy
  })
  const paddedLength = read(
    extensionOids.basicConstraints,
    ({ value, critical }) => pathLengthIn(value) && critical,
  )
  const { basicConstraints } = certificate
  return {
    undecodable: undecodable(certificate, unreadable),
    paddedInteger: isPadded(certificate.serialNumber)
      ? 'the serial number has redundant leading octets'
      : paddedLength
        ? 'the path length has redundant leading octets'
        : null,
    algorithmsDifferInNull:
      hexOf(certificate.signedAlgorithm) === outerAlgorithm(certificate)
        ? null
        : 'the signature algorithm has parameters on one side of the certificate only',
    pathLength: basicConstraints?.ca ? (basicConstraints.pathLength ?? Number.POSITIVE_INFINITY) : -1,
    names,
    nameConstraints: unreadable.has(extensionOids.nameConstraints) ? null : nameConstraints,
    policies: extensions.policies,
    policyMappings: extensions.policyMappings,
    requireExplicitPolicy: extensions.policyConstraints?.requireExplicit ?? null,
    inhibitPolicyMapping: extensions.policyConstraints?.inhibitMapping ?? null,
    inhibitAnyPolicy: skipCerts,
    authorityKeyIdentifier,
  }
}

const libcoreSubtree = ({ base, hasDistance }: Subtree): LibcoreSubtree => ({
  name: readLibcoreName(base, true),
  hasDistance,
})

function authorityKeyIdentifierOf(element: Element): LibcoreView['authorityKeyIdentifier'] {
  let [keyIdentifier, serialNumber]: [string | null, string | null] = [null, null]
  for (const field of childrenOf(expectTag(element, tags.sequence))) {
    if (field.tag === 0x80) keyIdentifier = hexOf(contentOf(field))
    else if (field.tag === 0x82) serialNumber = nonEmpty(field)
    else if (field.tag === 0xa1) readLibcoreNames(field)
    else throw new DerError('not an authority key identifier', field.start)
  }
  return { keyIdentifier, serialNumber }
}

function nonEmpty(field: Element): string {
  const octets = contentOf(field)
  if (octets.length === 0) throw new DerError('an INTEGER has content', field.start)
  return hexOf(octets)
}

/** Whether the path length is padded. Throws `DerError` where it does not fit 32 bits (DerInputBuffer#getInteger). */
function pathLengthIn(value: Uint8Array): boolean {
  const fields = childrenOf(onlyElement(value, tags.sequence))
  const length = fields[fields[0]?.tag === tags.boolean ? 1 : 0]
  if (!length) return false
  const octets = nonEmpty(expectTag(length, tags.integer))
  const shortest = octets.replace(/^(?:00(?=[0-7].)|ff(?=[89a-f].))+/, '')
  if (shortest.length > 8) throw new DerError('more than a 32-bit number', length.start)
  return isPadded(octets)
}

/** Redundant leading zero octets; redundant octets of a negative number are nobody's concern. */
export const isPadded = (octets: string): boolean => /^00[0-7]/.test(octets)

/** Content octets of an INTEGER without redundant leading octets, so that equal numbers are equal text. */
export const integerText = (hex: string): string => hex.replace(/^(?:00)+(?=..)/, '')

/** X509CertImpl#parse, X509CertInfo#parse and #verifyCert, CertificateExtensions#parseExtension. */
function undecodable(certificate: Certificate, unreadable: ReadonlySet<string>): string | null {
  const { version, serialNumber, issuer, subject, extensions } = certificate
  if (serialNumber === '') return 'the serial number is empty'
  if (algorithmKey(certificate.signedAlgorithm) !== outerAlgorithmKey(certificate)) {
    return 'the signature algorithm inside and outside the signed part differ'
  }
  if (version > 3) return `version ${version} does not exist`
  if (isEmpty(issuer.der)) return 'the issuer name is empty'
  if (version === 1 && isEmpty(subject.der)) return 'the subject name of a version 1 certificate is empty'
  if (version < 3 && extensions.length > 0) return `a version ${version} certificate has extensions`
  const readable = extensions.filter(({ oid }) => !unreadable.has(oid))
  const repeated = readable.find(({ oid }, i) => readable.findIndex((other) => other.oid === oid) !== i)
  if (repeated) return `extension ${repeated.oid} occurs twice`
  const broken = extensions.find(({ oid, critical }) => critical && unreadable.has(oid))
  if (broken) return `critical extension ${broken.oid} cannot be read`
  if (isEmpty(subject.der) && extensions.length > 0) {
    const names = readable.find(({ oid }) => oid === extensionOids.subjectAltName)
    if (!names?.critical) return 'the subject name is empty and there is no critical subjectAltName'
  }
  return null
}

/** X500Name#isEmpty: a name of empty sets is empty too. */
const isEmpty = (name: Uint8Array): boolean => readName(onlyElement(name)).every(({ length }) => length === 0)

/** NULL and absent parameters are the same to AlgorithmId#equals. */
function algorithmKey(algorithm: Uint8Array): string {
  const { oid, parameters } = algorithmOf(onlyElement(algorithm))
  return keyOf(oid, parameters)
}

const outerAlgorithmKey = ({ signatureAlgorithm, signatureParameters }: Certificate): string =>
  keyOf(signatureAlgorithm, signatureParameters)

const outerAlgorithm = ({ der }: Certificate): string => hexOf(bytesOf(childrenOf(onlyElement(der))[1]!))

const keyOf = (oid: string, parameters: Uint8Array | null): string =>
  `${oid} ${parameters && parameters[0] !== tags.null ? hexOf(parameters) : ''}`
