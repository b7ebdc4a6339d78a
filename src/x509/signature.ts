import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Certificate, PublicKey } from './certificate.js'
import { childrenOf, contentOf, countOf, DerError, oidOf, onlyElement, tags } from './der.js'

/** How a signature algorithm OID is verified: key kind, digest, padding. */
interface Scheme {
  readonly key: 'rsa' | 'rsa-pss' | 'ec' | 'dsa' | 'ed25519' | 'ed448'
  /** OpenSSL digest name; null: the scheme hashes by itself. */
  readonly digest: string | null
}

/** RFC 3279, 4055, 5758, 8410 and the older spellings that certificates still carry. */
const schemes: Record<string, Scheme> = {
  '1.2.840.113549.1.1.2': { key: 'rsa', digest: 'md2' },
  '1.2.840.113549.1.1.3': { key: 'rsa', digest: 'md4' },
  '1.2.840.113549.1.1.4': { key: 'rsa', digest: 'md5' },
  '1.2.840.113549.1.1.5': { key: 'rsa', digest: 'sha1' },
  '1.3.14.3.2.29': { key: 'rsa', digest: 'sha1' },
  '1.2.840.113549.1.1.14': { key: 'rsa', digest: 'sha224' },
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.1': { key: 'ec', digest: 'sha1' },
  '1.2.840.10045.4.3.1': { key: 'ec', digest: 'sha224' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
  '1.2.840.10040.4.3': { key: 'dsa', digest: 'sha1' },
  '1.3.14.3.2.27': { key: 'dsa', digest: 'sha1' },
  '2.16.840.1.101.3.4.3.1': { key: 'dsa', digest: 'sha224' },
  '2.16.840.1.101.3.4.3.2': { key: 'dsa', digest: 'sha256' },
  '1.2.840.113549.1.1.10': { key: 'rsa-pss', digest: null },
  '1.3.101.112': { key: 'ed25519', digest: null },
  '1.3.101.113': { key: 'ed448', digest: null },
}

const digests: Record<string, string> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** Results live as long as the certificate objects they speak of. */
const remembered = new WeakMap<Certificate, Map<string, boolean>>()

/**
 * Whether the issuer's key made the signature on `child`. Looks at nothing else: names, dates and usages are rules of
 * their own. Total: a key or a signature that cannot be read, or an algorithm unknown to this Node, is `false`.
 */
export function verifySignature(child: Certificate, issuer: Certificate | PublicKey): boolean {
  const key = 'publicKey' in issuer ? issuer.publicKey : issuer
  const results = remembered.get(child) ?? new Map<string, boolean>()
  remembered.set(child, results)
  let result = results.get(key.spkiSha256)
  if (result === undefined) {
    const { signatureAlgorithm: oid, signatureParameters: parameters, tbs, signature } = child
    result = verifySigned({ oid, parameters, signed: tbs, signature }, key)
    results.set(key.spkiSha256, result)
  }
  return result
}

/** Verifies any structure signed as X.509 signs (OCSP responses as well). Total, like `verifySignature`. */
export function verifySigned(
  signed: {
    readonly oid: string
    readonly parameters: Uint8Array | null
    readonly signed: Uint8Array
    readonly signature: Uint8Array
  },
  key: PublicKey,
): boolean {
  const scheme = schemes[signed.oid]
  const fits =
    scheme && (scheme.key === key.algorithm || (scheme.key === 'rsa-pss' && key.algorithm === 'rsa'))
  if (!fits) return false
  const keyObject = keyObjectOf(key)
  if (!keyObject) return false
  try {
    if (scheme.key !== 'rsa-pss') return verify(scheme.digest, signed.signed, keyObject, signed.signature)
    const { digest, saltLength } = pssParameters(signed.parameters)
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return verify(digest, signed.signed, { key: keyObject, padding, saltLength }, signed.signature)
  } catch {
    // OpenSSL throws on digests it no longer has (MD2) and on values outside the key's range.
    return false
  }
}

const keyObjects = new WeakMap<PublicKey, KeyObject | null>()

function keyObjectOf(key: PublicKey): KeyObject | null {
  let object = keyObjects.get(key)
  if (object === undefined) {
    try {
      object = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' })
    } catch {
      object = null
    }
    keyObjects.set(key, object)
  }
  return object
}

/** Whether OpenSSL makes a key of it; for elliptic curves that means a point on the curve. */
export const isImportable = (key: PublicKey): boolean => keyObjectOf(key) !== null

/** RFC 4055 §3.1: defaults are SHA-1, MGF1 with SHA-1 and a salt of 20 octets. The MGF digest must equal the hash. */
function pssParameters(parameters: Uint8Array | null): { digest: string; saltLength: number } {
  let [hash, mgfHash, saltLength]: [string | undefined, string | undefined, number] = ['sha1', 'sha1', 20]
  for (const field of parameters ? childrenOf(onlyElement(parameters, tags.sequence)) : []) {
    const inner = childrenOf(field)[0]
    if (!inner) throw new DerError('an empty parameter', field.start)
    if (field.tag === 0xa0) hash = digests[oidOf(childrenOf(inner)[0] ?? inner)]
    else if (field.tag === 0xa1) {
      const mgfDigest = childrenOf(inner)[1]
      mgfHash = mgfDigest && digests[oidOf(childrenOf(mgfDigest)[0] ?? mgfDigest)]
    } else if (field.tag === 0xa2) saltLength = countOf(inner)
    else if (field.tag === 0xa3 && contentOf(inner)[0] !== 1)
      throw new DerError('an unknown trailer', field.start)
  }
  if (!hash || hash !== mgfHash) throw new DerError('digests that are not supported', 0)
  return { digest: hash, saltLength }
}
