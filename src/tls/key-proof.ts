import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { bytesOf, childrenOf, contentOf, elementAt, oidOf, onlyElement, tags } from '../x509/der.js'
import { signatureSchemeName } from './code-points.js'
import type { Observation } from './observation.js'

type KeyProof = Observation['keyProof']

/** A signature of the server over this handshake. */
export interface HandshakeSignature {
  readonly version: number
  /** SignatureScheme on the wire; null before TLS 1.2, where the key alone decides (RFC 4346 §7.4.3). */
  readonly scheme: number | null
  readonly signed: Buffer
  readonly signature: Buffer
}

const digests = ['', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
const pssSchemes: Readonly<Record<number, { readonly key: string; readonly digest: string }>> = {
  2052: { key: 'rsa', digest: 'sha256' },
  2053: { key: 'rsa', digest: 'sha384' },
  2054: { key: 'rsa', digest: 'sha512' },
  2057: { key: 'rsa-pss', digest: 'sha256' },
  2058: { key: 'rsa-pss', digest: 'sha384' },
  2059: { key: 'rsa-pss', digest: 'sha512' },
}
const pssPadding = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
}
const schemeCurves: Readonly<Record<number, string>> = {
  1027: 'prime256v1',
  1283: 'secp384r1',
  1539: 'secp521r1',
}
const rsaEncryption = '1.2.840.113549.1.1.1'
const failed = (detail: string): KeyProof => ({ kind: 'failed', detail })
const notProvable = (detail: string): KeyProof => ({ kind: 'not-provable', detail })

/**
 * Verifies that the key of the end-entity certificate made the signature. Never throws. A signature that does not
 * fit is `failed`; where no key can be read there is nothing that it could fit, and it is `not-provable`. `offered` lists the client's schemes; empty: the hello had no such extension.
 */
export function checkSignature(
  leaf: Uint8Array | undefined,
  made: HandshakeSignature,
  offered: readonly number[],
): KeyProof {
  if (!leaf) return notProvable('the server sent no certificate that its signature could be checked against')
  let key: KeyObject
  try {
    key = publicKeyOf(leaf)
  } catch {
    return notProvable('the public key of the first certificate cannot be read')
  }
  const { scheme } = made
  if (scheme !== null && offered.length > 0 && !offered.includes(scheme))
    return failed(`the server signed with ${signatureSchemeName(scheme)}, which was not offered`)
  const method = scheme === null ? legacyMethod(key) : methodOf(scheme, key, made.version)
  if (!method) {
    const name = scheme === null ? 'this version' : signatureSchemeName(scheme)
    return failed(`the key of the first certificate (${key.asymmetricKeyType}) cannot sign with ${name}`)
  }
  try {
    if (!verify(method.digest, made.signed, { key, ...method.padding }, made.signature))
      return failed('the signature does not fit the key of the first certificate')
  } catch {
    return failed('the signature cannot be verified with the key of the first certificate')
  }
  return { kind: 'proven', signatureScheme: method.name }
}

interface Method {
  readonly name: string
  /** OpenSSL digest; null: the algorithm hashes by itself. */
  readonly digest: string | null
  readonly padding?: { readonly padding: number; readonly saltLength: number }
}

/** TLS 1.0 and 1.1 sign MD5 and SHA-1 side by side with RSA, SHA-1 with DSA and ECDSA (RFC 4346 §7.4.3, RFC 4492 §5.4). */
function legacyMethod(key: KeyObject): Method | null {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { name: 'rsa_pkcs1_md5_sha1', digest: 'md5-sha1' }
    case 'ec':
      return { name: 'ecdsa_sha1', digest: 'sha1' }
    case 'dsa':
      return { name: 'dsa_sha1', digest: 'sha1' }
    default:
      return null
  }
}

/** What a SignatureScheme means (RFC 8446 §4.2.3; below 0x0700 RFC 5246 §7.4.1.4.1); null: not with this key or version. */
function methodOf(scheme: number, key: KeyObject, version: number): Method | null {
  const name = signatureSchemeName(scheme)
  const type = key.asymmetricKeyType
  if (scheme === 0x0807 || scheme === 0x0808) return type === name ? { name, digest: null } : null
  const pss = pssSchemes[scheme]
  if (pss) return type === pss.key ? { name, digest: pss.digest, padding: pssPadding } : null
  const digest = digests[scheme >> 8]
  const wanted = ['rsa', 'dsa', 'ec'][(scheme & 0xff) - 1]
  if (!digest || type !== wanted) return null
  if (version < 0x0304) return { name, digest }
  // TLS 1.3 keeps ECDSA only, and ties the curve to the digest.
  return type === 'ec' && key.asymmetricKeyDetails?.namedCurve === schemeCurves[scheme]
    ? { name, digest }
    : null
}

/** The last key read. The servers of a farm share a certificate, and each is asked more than once. */
let remembered: { readonly certificate: Uint8Array; readonly key: KeyObject } | null = null

function publicKeyOf(certificate: Uint8Array): KeyObject {
  if (!remembered || Buffer.compare(remembered.certificate, certificate) !== 0)
    remembered = { certificate, key: readKey(certificate) }
  return remembered.key
}

/**
 * The key of a certificate. Throws on bytes that hold none. Only the way to the key is read, so that a certificate with
 * a fault elsewhere still proves its key; RSA goes in as JWK, which costs Node a tenth of its DER import.
 */
function readKey(certificate: Uint8Array): KeyObject {
  const tbs = childrenOf(onlyElement(certificate, tags.sequence))[0]!
  const fields = childrenOf(tbs)
  // RFC 5280 §4.1: [0] version (absent in v1), serialNumber, signature, issuer, validity, subject, key.
  const element = fields[fields[0]!.tag === 0xa0 ? 6 : 5]!
  const [algorithm, bits] = childrenOf(element)
  if (oidOf(childrenOf(algorithm!)[0]!) !== rsaEncryption)
    return createPublicKey({ key: Buffer.from(bytesOf(element)), format: 'der', type: 'spki' })
  const numbers = childrenOf(elementAt(bits!.source, bits!.content + 1, bits!.end))
  const [n, e] = numbers.map((number) => Buffer.from(contentOf(number)).toString('base64url'))
  return createPublicKey({ key: { kty: 'RSA', n: n!, e: e! }, format: 'jwk' })
}
