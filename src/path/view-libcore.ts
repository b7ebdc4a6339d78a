import type { Certificate, Extension } from '../x509/certificate.js'
import {
  childrenOf,
  contentOf,
  DerError,
  type Element,
  expectTag,
  hexOf,
  onlyElement,
  tags,
} from '../x509/der.js'
import { readName } from '../x509/name.js'
import { algorithmOf, extensionOids } from '../x509/parse.js'
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
  /** Why the JDK refuses to decode the certificate; null: it does not. */
  readonly undecodable: string | null
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
  // The plain view is more lenient or stricter in places; only the JDK's reading of these three counts.
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
  const { basicConstraints } = certificate
  return {
    undecodable: undecodable(certificate, unreadable),
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
    else if (field.tag === 0x82) serialNumber = integerText(hexOf(contentOf(field)))
    else if (field.tag === 0xa1) readLibcoreNames(field)
    else throw new DerError('not an authority key identifier', field.start)
  }
  return { keyIdentifier, serialNumber }
}

/** Content octets of an INTEGER without redundant leading octets, so that equal numbers are equal text. */
export const integerText = (hex: string): string => hex.replace(/^(?:00)+(?=..)/, '')

/** X509CertImpl#parse, X509CertInfo#parse and #verifyCert, CertificateExtensions#parseExtension, X509Key#parse. */
function undecodable(certificate: Certificate, unreadable: ReadonlySet<string>): string | null {
  const { version, issuer, subject, extensions } = certificate
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
  return undecodableKey(certificate)
}

const isEmpty = (name: Uint8Array): boolean => readName(onlyElement(name)).length === 0

/** NULL and absent parameters are the same to AlgorithmId#equals. */
function algorithmKey(algorithm: Uint8Array): string {
  const { oid, parameters } = algorithmOf(onlyElement(algorithm))
  return keyOf(oid, parameters)
}

const outerAlgorithmKey = ({ signatureAlgorithm, signatureParameters }: Certificate): string =>
  keyOf(signatureAlgorithm, signatureParameters)

const keyOf = (oid: string, parameters: Uint8Array | null): string =>
  `${oid} ${parameters && parameters[0] !== tags.null ? hexOf(parameters) : ''}`

/** Key kinds that java.security.KeyFactory of the JDK reads, with the shapes it refuses. */
function undecodableKey({ publicKey }: Certificate): string | null {
  const { algorithm, bits, curve, spki } = publicKey
  // RSAKeyFactory.MIN_MODLEN, rounded up to whole octets.
  if (algorithm === 'rsa' && (bits === null || bits <= 504)) return 'the RSA key is too short to be read'
  if (algorithm !== 'ec') return null
  if (curve === null || curve === 'explicit') return 'the EC key does not name its curve'
  const key = childrenOf(onlyElement(spki))[1]
  // ECUtil#decodePoint: uncompressed points only.
  if (key && contentOf(key)[1] !== 0x04) return 'the EC key is not an uncompressed point'
  return null
}
