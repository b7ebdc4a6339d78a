import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readCertificates } from '../containers/bundle.js'
import { AdfsCheckFault } from '../fault.js'
import type { Certificate } from '../x509/certificate.js'

export interface LoadedCertificate {
  readonly certificate: Certificate
  /** The file it was read from, as the operator named it. */
  readonly from: string
}

/** A certificate file is kilobytes; a whole Windows store exported is a few megabytes. */
const maxFileBytes = 16 * 1024 * 1024
const maxFiles = 1_000
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
    const found = (await Promise.all(files.map((file) => readOne(file, password)))).flat()
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

async function readOne(file: string, password: string | undefined): Promise<readonly LoadedCertificate[]> {
  try {
    const { size } = await stat(file)
    if (size > maxFileBytes)
      throw badFile(file, `is ${size} bytes long, more than ${maxFileBytes}`, 'Name a certificate file.')
    const { certificates, problems } = await readCertificates(
      await readFile(file),
      password === undefined ? {} : { password },
    )
    const [problem] = problems
    if (certificates.length === 0 && problem)
      throw badFile(
        file,
        `holds no certificate that can be read: ${problem.message}`,
        'Export it again, as PEM, DER, .p7b or .pfx.',
      )
    return certificates.map((certificate) => ({ certificate, from: file }))
  } catch (cause) {
    if (cause instanceof AdfsCheckFault) throw cause
    throw badFile(file, 'cannot be read', 'Check the path and its permissions.', cause)
  }
}

/** First line of a password file, so that no password stands in a process list or a shell history. */
export async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0]!
  } catch (cause) {
    throw badFile(path, 'cannot be read', 'Put the password alone on the first line of a text file.', cause)
  }
}

function badFile(path: string, problem: string, hint: string, cause?: unknown): AdfsCheckFault {
  return new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${problem}.`, { hint, cause })
}
