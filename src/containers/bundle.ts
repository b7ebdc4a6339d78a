import type { Certificate } from '../x509/certificate.js'
import { bytesOf, countOf, DerError, elementAt, tags } from '../x509/der.js'
import { parseCertificate } from '../x509/parse.js'
import { readCcadb } from './ccadb.js'
import { decodeBase64, decodeText, encodePem, readPem } from './pem.js'
import type { Pkcs12Content } from './pkcs12.js'
import type { KeyFound, KeyStand } from './private-keys.js'
import { ContainerProblem } from './problem.js'

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

export interface BundleOptions {
  /** Of a PKCS #12 file. Undefined: an empty one and none are tried. */
  readonly password?: string
  /**
   * Who wrote the file. `operator`: one of the operator's own, any kind. `stranger`: what a URL in a certificate
   * answered, which is DER or a certs-only PKCS #7 (RFC 5280 §4.2.2.1), or PEM as some servers send it; no key
   * derivation is done at a stranger's bidding. Default: `operator`.
   */
  readonly from?: 'operator' | 'stranger'
}

/**
 * Reads PEM (any number of blocks, any text around them, UTF-8 or UTF-16), DER, PKCS #7 and PKCS #12; the content
 * decides, not the file name. Hostile bytes end in `problems`, never in an exception. PEM and DER are read at once, by
 * our own reader; the libraries that PKCS #7 and PKCS #12 need are loaded when such a file is met.
 */
export async function readCertificates(bytes: Uint8Array, options: BundleOptions = {}): Promise<Bundle> {
  const reader = new BundleReader(options)
  await reader.read(bytes)
  return reader.bundle()
}

/** A file that somebody wants to have served: what it holds, and how that is protected. */
export interface Offered extends Bundle {
  /** Of the first thing in it. */
  readonly container: 'PKCS #12' | 'PKCS #7' | 'PEM' | 'DER'
  /** Null: no PKCS #12. */
  readonly protection: {
    /** How each safe is encrypted, e.g. `AES-256`; null: in the clear. */
    readonly safes: readonly (string | null)[]
    /** Digest of the code that proved the password right; null: the file has none. */
    readonly mac: string | null
  } | null
  readonly keys: readonly KeyStand[]
}

/**
 * The same for a file that is to be served. Private keys are opened for as long as it takes to see which certificate
 * each fits, then wiped.
 */
export async function readOffered(bytes: Uint8Array, options: BundleOptions = {}): Promise<Offered> {
  const reader = new BundleReader(options)
  await reader.read(bytes)
  const bundle = reader.bundle()
  const { standsOf } = await import('./private-keys.js')
  const keys = reader.keys.length === 0 ? [] : await standsOf(reader.keys, bundle.certificates)
  const { opened } = reader
  return {
    ...bundle,
    container: reader.container ?? 'PEM',
    protection: opened && { safes: opened.encryption, mac: opened.mac },
    keys,
  }
}

/** The certificate as one PEM block (RFC 7468 §5). */
export const toPem = (certificate: Certificate): string => encodePem('CERTIFICATE', certificate.der)

class BundleReader {
  readonly #options: BundleOptions
  readonly #certificates = new Map<string, Certificate>()
  readonly #problems: BundleProblem[] = []
  #hasPrivateKey = false
  #full = false
  /** As they stand in the file. Dropped with the reader; `readOffered` wipes them. */
  readonly keys: KeyFound[] = []
  container: Offered['container'] | null = null
  opened: Pkcs12Content | null = null

  constructor(options: BundleOptions) {
    this.#options = options
  }

  async read(bytes: Uint8Array): Promise<void> {
    if (bytes.length > bundleLimits.maxBytes) {
      this.problem('file', `larger than ${bundleLimits.maxBytes} bytes`)
    } else if (bytes[0] === tags.sequence && (bytes[1] ?? 0) >= 0x80) {
      await this.readBinary(bytes, 'file')
    } else {
      this.container = 'PEM'
      await this.readText(decodeText(bytes))
    }
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
    const report = readCcadb(text)
    for (const { line, pem, revoked } of report ?? []) {
      if (this.#full) return
      const where = `line ${line}`
      if (revoked) this.problem(where, `the report says of this certificate: ${revoked}; it is left out`)
      else for (const { bytes } of readPem(pem)) if (bytes) await this.readBinary(bytes, where)
    }
    if (report) return
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
      if (label.endsWith('PRIVATE KEY')) {
        this.#hasPrivateKey = true
        this.#keep({
          where,
          form: keyForms[label] ?? null,
          der: bytes,
          passwords: [this.#options.password ?? null],
        })
      } else if (/^(X509 |TRUSTED )?CERTIFICATE$|^PKCS ?#?7( SIGNED DATA)?$|^CMS$|^PKCS12$/.test(label)) {
        if (bytes) await this.readBinary(bytes, where, label === 'TRUSTED CERTIFICATE')
        else this.problem(where, `the ${label} block is cut off or is not Base64`)
      }
    }
  }

  /** One DER or BER value, or several certificates one after the other. */
  async readBinary(bytes: Uint8Array, where: string, ignoreRest = false): Promise<void> {
    try {
      const kind = kindOf(bytes)
      this.container ??= kind === 'pkcs12' ? 'PKCS #12' : kind === 'pkcs7' ? 'PKCS #7' : 'DER'
      if (kind === 'pkcs7') {
        const { certificatesOfPkcs7 } = await import('./pkcs7.js')
        for (const der of certificatesOfPkcs7(bytes)) this.#add(der, where)
      } else if (kind === 'pkcs12' && this.#options.from === 'stranger') {
        this.problem(where, 'a PKCS #12 file, which is not opened when it comes from the network')
      } else if (kind === 'pkcs12') {
        const { readPkcs12 } = await import('./pkcs12.js')
        const content = await readPkcs12(bytes, this.#options.password)
        const { certificates, keys, passwords } = content
        this.#hasPrivateKey ||= keys.length > 0
        this.opened ??= content
        for (const { der, encrypted, provider } of keys)
          this.#keep({ where, form: encrypted ? 'encrypted' : 'pkcs8', der, passwords, provider })
        for (const { der } of certificates) this.#add(der, where)
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

  /** More than a farm's: a file of thousands of keys is no file to be served. */
  #keep(key: Omit<KeyFound, 'provider'> & { readonly provider?: string | null }): void {
    if (this.keys.length < 16) this.keys.push({ provider: null, ...key })
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

/** RFC 7468 §10, §11 and what OpenSSL wrote before. */
const keyForms: Readonly<Record<string, KeyFound['form']>> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
}

/** By the first field: a certificate starts with a sequence, PKCS #7 with its type, PKCS #12 and keys with a version. */
function kindOf(bytes: Uint8Array): 'pkcs7' | 'pkcs12' | 'private-key' | 'certificates' {
  const indefinite = bytes[1] === 0x80
  const content = indefinite ? 2 : elementAt(bytes, 0, bytes.length).content
  if (bytes[content] === tags.oid) return 'pkcs7'
  if (bytes[content] !== tags.integer) return 'certificates'
  return countOf(elementAt(bytes, content, bytes.length)) === 3 ? 'pkcs12' : 'private-key'
}

/** `ContainerProblem` and `DerError` speak for themselves; all else is a library that met bytes it did not expect. */
function messageOf(error: unknown): string {
  if (error instanceof DerError) return `cut off or damaged: ${error.message} (byte ${error.offset})`
  return error instanceof ContainerProblem
    ? error.message
    : 'neither a certificate, PKCS #7 nor PKCS #12, or damaged'
}
