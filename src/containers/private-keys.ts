import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { OctetString } from 'asn1js'
import { AlgorithmIdentifier } from 'pkijs'
import type { Certificate } from '../x509/certificate.js'
import { DerError } from '../x509/der.js'
import type { Sha256 } from '../x509/identity.js'
import { childrenIn, parseBer } from './ber.js'
import { checkRounds, decryptOld, protectionOf } from './pkcs12.js'
import { ContainerProblem } from './problem.js'

/** A private key as it stands in a file. */
export interface KeyFound {
  readonly where: string
  /** `encrypted`: EncryptedPrivateKeyInfo (RFC 5958 §3); null: a form of another tool. */
  readonly form: 'pkcs8' | 'encrypted' | 'pkcs1' | 'sec1' | null
  /** Null: cannot be read. */
  readonly der: Uint8Array | null
  /** Passwords that may open it; null: none at all. */
  readonly passwords: readonly (string | null)[]
  /** What kept it on Windows. */
  readonly provider: string | null
}

/** What is known of a private key once it is forgotten. */
export interface KeyStand {
  readonly where: string
  /** Node's name: `rsa`, `rsa-pss`, `ec`, …; null: could not be opened. */
  readonly kind: string | null
  /** What it is encrypted with by itself; null: in the clear within its safe. */
  readonly cipher: string | null
  readonly provider: string | null
  /** Certificates of the file that it belongs to. */
  readonly fits: readonly Sha256[]
  /** Why it could not be opened. */
  readonly problem: string | null
}

/** Which certificates each key belongs to. The keys' bytes are zeroes afterwards; no key leaves this function. */
export async function standsOf(
  keys: readonly KeyFound[],
  certificates: readonly Certificate[],
): Promise<readonly KeyStand[]> {
  const stands: KeyStand[] = []
  let rounds = 0
  for (const found of keys) {
    const { where, form, der, provider } = found
    let cipher: string | null = null
    try {
      if (der === null || form === null) throw new ContainerProblem(odd)
      let key: KeyObject
      if (form === 'encrypted') {
        const shrouded = readShrouded(der)
        cipher = shrouded.cipher
        rounds += shrouded.cost * found.passwords.length
        checkRounds(rounds)
        key = await openShrouded(shrouded, der, found.passwords)
      } else
        key = createPrivateKey({
          key: Buffer.from(der.buffer, der.byteOffset, der.length),
          format: 'der',
          type: form,
        })
      const fits = certificates.filter((certificate) => belongs(certificate, key))
      const kind = key.asymmetricKeyType ?? null
      stands.push({ where, kind, cipher, provider, fits: fits.map(({ sha256 }) => sha256), problem: null })
    } catch (error) {
      const problem = error instanceof ContainerProblem ? error.message : odd
      stands.push({ where, kind: null, cipher, provider, fits: [], problem })
    } finally {
      der?.fill(0)
    }
  }
  return stands
}

const odd = 'is damaged, or in a form that only the tool that wrote it reads'

function belongs({ der }: Certificate, key: KeyObject): boolean {
  try {
    return new X509Certificate(der).checkPrivateKey(key)
  } catch {
    // Our reader takes what OpenSSL does not; a key for such a certificate cannot be told from another.
    return false
  }
}

interface Shrouded {
  readonly algorithm: AlgorithmIdentifier
  readonly encrypted: Uint8Array
  readonly cipher: string
  readonly cost: number
}

function readShrouded(der: Uint8Array): Shrouded {
  const [schema, octets] = childrenIn(parseBer(der))
  if (!schema || !(octets instanceof OctetString)) throw new DerError('no EncryptedPrivateKeyInfo', 0)
  const algorithm = new AlgorithmIdentifier({ schema })
  return { algorithm, encrypted: new Uint8Array(octets.getValue()), ...protectionOf(algorithm) }
}

async function openShrouded(
  { algorithm, encrypted, cipher }: Shrouded,
  der: Uint8Array,
  passwords: readonly (string | null)[],
): Promise<KeyObject> {
  for (const password of passwords) {
    try {
      if (cipher.startsWith('AES')) {
        const key = Buffer.from(der.buffer, der.byteOffset, der.length)
        return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase: password ?? '' })
      }
      const clear = await decryptOld(algorithm, encrypted, password)
      try {
        return createPrivateKey({ key: clear, format: 'der', type: 'pkcs8' })
      } finally {
        clear.fill(0)
      }
    } catch {
      // The next one may fit.
    }
  }
  throw new ContainerProblem(
    passwords.every((password) => !password)
      ? 'needs a password'
      : 'cannot be opened with the password given',
  )
}
