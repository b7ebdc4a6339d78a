import { constants } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleLimits, readCertificates } from '../containers/bundle.js'
import { AdfsCheckFault } from '../fault.js'
import type { Certificate } from '../x509/certificate.js'

export interface LoadedCertificate {
  readonly certificate: Certificate
  /** The file it was read from, as the operator named it. */
  readonly from: string
}

/** Files of one folder, and their bytes together: a whole Windows store exported is a few megabytes. */
const maxFiles = 1_000
const maxFolderBytes = 64 * 1024 * 1024
const maxPasswordBytes = 64 * 1024
const certificateFile = /\.(pem|crt|cer|der|p7b|p7c|pfx|p12)$/i

/**
 * Reads the certificates of files, or of the certificate files directly inside folders.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE when a named file cannot be read or holds no certificate
 */
export async function loadCertificates(
  paths: readonly string[],
  password: string | undefined,
): Promise<readonly LoadedCertificate[]> {
  const loaded: LoadedCertificate[] = []
  for (const path of paths) {
    const files = await certificateFiles(path)
    const found: LoadedCertificate[] = []
    let left = maxFolderBytes
    for (const file of files) {
      const bytes = await readWithin(file, bundleLimits.maxBytes)
      left -= bytes.length
      if (left < 0) {
        throw badFile(path, `holds more than ${maxFolderBytes} bytes`, 'Name the files that matter.')
      }
      found.push(...(await certificatesIn(file, bytes, password)))
    }
    if (found.length === 0)
      throw badFile(path, 'holds no certificate', 'Give PEM, DER, PKCS #7 (.p7b) or PKCS #12 (.pfx) files.')
    loaded.push(...found)
  }
  return loaded
}

async function certificateFiles(path: string): Promise<readonly string[]> {
  const info = await stat(path).catch((cause: unknown) => {
    throw badFile(path, 'cannot be read', 'Check the path and its permissions.', cause)
  })
  if (!info.isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => certificateFile.test(name)).sort()
  if (names.length > maxFiles)
    throw badFile(
      path,
      `holds ${names.length} certificate files, more than ${maxFiles}`,
      'Name the files that matter.',
    )
  return names.map((name) => join(path, name))
}

async function certificatesIn(
  file: string,
  bytes: Uint8Array,
  password: string | undefined,
): Promise<readonly LoadedCertificate[]> {
  const { certificates, problems } = await readCertificates(bytes, password === undefined ? {} : { password })
  const [problem] = problems
  if (certificates.length === 0 && problem)
    throw badFile(
      file,
      `holds no certificate that can be read: ${problem.message}`,
      'Export it again, as PEM, DER, .p7b or .pfx.',
    )
  return certificates.map((certificate) => ({ certificate, from: file }))
}

/** First line of a password file, so that no password stands in a process list or a shell history. */
export async function readPassword(path: string): Promise<string> {
  const text = Buffer.from(await readWithin(path, maxPasswordBytes)).toString('utf8')
  return text.replace(/^\ufeff/, '').split(/\r?\n/, 1)[0]!
}

/**
 * A whole file, if it is one and has at most `maxBytes`. A pipe or a device could keep us waiting or never end, so these
 * are refused before they are opened, and opening waits for nobody should one have come in between.
 */
export async function readWithin(path: string, maxBytes: number): Promise<Uint8Array> {
  let file: FileHandle | undefined
  try {
    const isFile = (await stat(path)).isFile()
    if (isFile) file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if (!file || !(await file.stat()).isFile()) {
      throw badFile(path, 'is not a regular file', 'Name a file on disk; pipes and devices are not read.')
    }
    const chunks: Uint8Array[] = []
    for (let left = maxBytes + 1; left > 0; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, 256 * 1024)))
      if (bytesRead === 0) return Buffer.concat(chunks)
      chunks.push(buffer.subarray(0, bytesRead))
      left -= bytesRead
    }
    throw badFile(path, `has more than ${maxBytes} bytes`, 'Name a file that is what the option asks for.')
  } catch (cause) {
    if (cause instanceof AdfsCheckFault) throw cause
    throw badFile(path, 'cannot be read', 'Check the path and its permissions.', cause)
  } finally {
    await file?.close()
  }
}

function badFile(path: string, problem: string, hint: string, cause?: unknown): AdfsCheckFault {
  return new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${problem}.`, { hint, cause })
}
