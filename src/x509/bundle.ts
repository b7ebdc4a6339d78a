import type { Certificate } from './certificate.js'
import { bytesOf, countOf, DerError, elementAt, tags } from './der.js'
import { parseCertificate } from './parse.js'
import { decodeBase64, decodeText, encodePem, readPem } from './pem.js'
import { certificatesOfPkcs7 } from './pkcs7.js'
import { certificatesOfPkcs12, Pkcs12Problem } from './pkcs12.js'

/** What one file of certificates holds. */
export interface Bundle {
  /** In file order, each once. */
  readonly certificates: readonly Certificate[]
  /** What could not be read, and where in the file. A file without certificates always has at least one. */
  readonly problems: readonly BundleProblem[]
  /** Whether a private key is in the file. It is never decrypted or kept. */
  readonly hasPrivateKey: boolean
}

export interface BundleProblem {
  readonly where: string
  readonly message: string
}

/**
 * Bounds on one file. The PEM list of all intermediates known to Mozilla's program is about 5 MiB and 2,000
 * certificates; what an operator keeps for one farm is a few kilobytes.
 */
export const bundleLimits = { maxBytes: 10 * 1024 * 1024, maxCertificates: 4096 } as const

/**
 * Reads PEM (any number of blocks, any text around them, UTF-8 or UTF-16), DER, PKCS #7 and PKCS #12; the content
 * decides, not the file name. Hostile bytes end in `problems`, never in an exception. The library that only
 * old PKCS #12 files need is loaded when such a file is met.
 */
export async function readCertificates(
  bytes: Uint8Array,
  options: { readonly password?: string } = {},
): Promise<Bundle> {
  const reader = new BundleReader(options.password)
  if (bytes.length > bundleLimits.maxBytes) {
    reader.problem('file', `larger than ${bundleLimits.maxBytes} bytes`)
  } else if (bytes[0] === tags.sequence && (bytes[1] ?? 0) >= 0x80) {
    await reader.readBinary(bytes, 'file')
  } else {
    await reader.readText(decodeText(bytes))
  }
  return reader.bundle()
}

/** The certificate as one PEM block (RFC 7468 §5). */
export const toPem = (certificate: Certificate): string => encodePem('CERTIFICATE', certificate.der)

export { toPkcs7 } from './pkcs7.js'

class BundleReader {
  readonly #password: string | undefined
  readonly #certificates = new Map<string, Certificate>()
  readonly #problems: BundleProblem[] = []
  #hasPrivateKey = false
  #full = false

  constructor(password: string | undefined) {
    this.#password = password
  }

  bundle(): Bundle {
    const certificates = [...this.#certificates.values()]
    if (certificates.length === 0 && this.#problems.length === 0) {
      this.problem(
        'file',
        this.#hasPrivateKey ? 'holds a private key but no certificate' : 'holds no certificate',
      )
    }
    return { certificates, problems: this.#problems, hasPrivateKey: this.#hasPrivateKey }
  }

  problem(where: string, message: string): void {
    // One line per problem is help; thousands of them from one broken file are not.
    if (this.#problems.length < 20) this.#problems.push({ where, message })
  }

  async readText(text: string): Promise<void> {
    const blocks = readPem(text)
    if (blocks.length === 0) {
      // A certificate saved without its BEGIN and END lines.
      const bare = text.length > 0 ? decodeBase64(text) : null
      if (bare?.[0] === tags.sequence) await this.readBinary(bare, 'file')
      else this.problem('file', 'neither PEM, DER, PKCS #7 nor PKCS #12')
    }
    for (const { label, line, bytes } of blocks) {
      if (this.#full) return
      const where = `line ${line}`
      if (label.endsWith('PRIVATE KEY')) this.#hasPrivateKey = true
      else if (/^(X509 |TRUSTED )?CERTIFICATE$|^PKCS ?#?7( SIGNED DATA)?$|^CMS$|^PKCS12$/.test(label)) {
        if (bytes) await this.readBinary(bytes, where, label === 'TRUSTED CERTIFICATE')
        else this.problem(where, `the ${label} block is cut off or is not Base64`)
      }
    }
  }

  /** One DER or BER value, or several certificates one after the other. */
  async readBinary(bytes: Uint8Array, where: string, ignoreRest = false): Promise<void> {
    try {
      const kind = kindOf(bytes)
      if (kind === 'pkcs7') {
        for (const der of certificatesOfPkcs7(bytes)) this.#add(der, where)
      } else if (kind === 'pkcs12') {
        const content = await certificatesOfPkcs12(bytes, this.#password)
        this.#hasPrivateKey ||= content.hasPrivateKey
        for (const der of content.certificates) this.#add(der, where)
      } else if (kind === 'private-key') {
        this.#hasPrivateKey = true
      } else {
        for (let offset = 0; offset < bytes.length && !this.#full; ) {
          const element = elementAt(bytes, offset, bytes.length)
          this.#add(bytesOf(element), offset === 0 ? where : `${where}, byte ${offset}`)
          offset = ignoreRest ? bytes.length : element.end
        }
      }
    } catch (error) {
      this.problem(where, messageOf(error))
    }
  }

  #add(der: Uint8Array, where: string): void {
    if (this.#full) return
    const result = parseCertificate(der)
    if (!result.ok) {
      const { field, message } = result.problem
      this.problem(where, `not a certificate: ${field}: ${message}`)
      return
    }
    this.#certificates.set(result.certificate.sha256, result.certificate)
    if (this.#certificates.size >= bundleLimits.maxCertificates) {
      this.#full = true
      this.problem(where, `stopped after ${bundleLimits.maxCertificates} certificates`)
    }
  }
}

/** By the first field: a certificate starts with a sequence, PKCS #7 with its type, PKCS #12 and keys with a version. */
function kindOf(bytes: Uint8Array): 'pkcs7' | 'pkcs12' | 'private-key' | 'certificates' {
  const indefinite = bytes[1] === 0x80
  const content = indefinite ? 2 : elementAt(bytes, 0, bytes.length).content
  if (bytes[content] === tags.oid) return 'pkcs7'
  if (bytes[content] !== tags.integer) return 'certificates'
  return countOf(elementAt(bytes, content, bytes.length)) === 3 ? 'pkcs12' : 'private-key'
}

/** `Pkcs12Problem` and `DerError` speak for themselves; anything else is a library that met bytes it did not expect. */
function messageOf(error: unknown): string {
  if (error instanceof DerError) return `${error.message} (byte ${error.offset})`
  return error instanceof Pkcs12Problem ? error.message : 'neither a certificate, PKCS #7 nor PKCS #12'
}
