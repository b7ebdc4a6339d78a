import { createHash } from 'node:crypto'
import { definiteValue } from './ber.js'
import type { Certificate, Extension, ParseResult } from './certificate.js'
import {
  booleanOf,
  bytesOf,
  childrenOf,
  contentOf,
  countOf,
  DerError,
  type Element,
  expectTag,
  hexOf,
  oidOf,
  onlyChild,
  onlyElement,
  tags,
} from './der.js'
import { knownExtensions } from './extensions.js'
import { checkedName, nameOf } from './name.js'
import { readPublicKey } from './public-key.js'

/** BoringSSL's SSL_MAX_CERT_LIST_DEFAULT: no larger certificate can reach an Android client. */
const maxCertificateBytes = 102_400

/** More extensions than any certificate in public logs carries; bounds the work per certificate. */
const maxExtensions = 256

/**
 * Reads one certificate (RFC 5280 §4.1). Never throws: bytes that are no certificate give the field that could not be
 * read and its offset. An extension whose content cannot be read does not stop the rest; it is named in `unreadable`.
 */
export function parseCertificate(der: Uint8Array): ParseResult {
  let field = 'certificate'
  const at = (name: string): void => {
    field = name
  }
  try {
    if (der.length > maxCertificateBytes) throw new DerError(`more than ${maxCertificateBytes} bytes`, 0)
    // A private copy: the view must not change when the caller reuses its buffer.
    return { ok: true, certificate: readCertificate(Uint8Array.from(der), at) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return { ok: false, problem: { field, offset: error.offset, message: error.message } }
  }
}

function readCertificate(der: Uint8Array, at: (field: string) => void): Certificate {
  const [tbs, algorithm, signature, ...rest] = childrenOf(onlyElement(der, tags.sequence))
  if (!tbs || !algorithm || !signature || rest.length > 0) {
    throw new DerError('a certificate is a signed part, an algorithm and a signature', 0)
  }
  at('signatureAlgorithm')
  const { oid: signatureAlgorithm, parameters: signatureParameters } = algorithmOf(algorithm)
  at('signature')
  const signatureOctets = bitsOf(signature)

  at('tbsCertificate')
  const fields = childrenOf(expectTag(tbs, tags.sequence))
  const next = (name: string): Element => {
    at(name)
    const element = fields.shift()
    if (!element) throw new DerError('missing', tbs.end)
    return element
  }
  const version =
    fields[0]?.tag === 0xa0 ? countOf(expectTag(onlyChild(next('version')), tags.integer)) + 1 : 1
  const serialNumber = hexOf(contentOf(expectTag(next('serialNumber'), tags.integer)))
  const innerAlgorithm = next('signature algorithm in the signed part')
  // Compared with the outer one by the path rules; here it only has to be readable.
  algorithmOf(innerAlgorithm)
  const signedAlgorithm = bytesOf(innerAlgorithm)
  const issuer = nameOf(checkedName(next('issuer')))
  const [notBefore, notAfter] = validityOf(next('validity'))
  const subject = nameOf(checkedName(next('subject')))
  const publicKey = readPublicKey(next('subjectPublicKeyInfo'))
  if (fields[0]?.tag === 0x81 || fields[0]?.tag === 0xa1) next('issuerUniqueID')
  if (fields[0]?.tag === 0x82 || fields[0]?.tag === 0xa2) next('subjectUniqueID')
  const extensions = fields[0]?.tag === 0xa3 ? extensionsOf(onlyChild(next('extensions'))) : []
  if (fields.length > 0) throw new DerError('a field that does not belong here', fields[0]!.start)

  return {
    der,
    sha256: createHash('sha256').update(der).digest('hex'),
    version,
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    signatureAlgorithm,
    signatureParameters,
    signedAlgorithm,
    tbs: bytesOf(tbs),
    signature: signatureOctets,
    extensions,
    ...knownExtensions(extensions),
  }
}

export function algorithmOf(element: Element): { oid: string; parameters: Uint8Array | null } {
  const [type, parameters, ...rest] = childrenOf(expectTag(element, tags.sequence))
  if (!type || rest.length > 0) throw new DerError('an algorithm is an OID and parameters', element.start)
  return { oid: oidOf(type), parameters: parameters ? bytesOf(parameters) : null }
}

/** Whole octets of a BIT STRING; signatures and keys have no unused bits. */
function bitsOf(element: Element): Uint8Array {
  const octets = contentOf(expectTag(element, tags.bitString))
  if (octets.length === 0 || octets[0] !== 0)
    throw new DerError('a BIT STRING of whole octets was expected', element.start)
  return octets.subarray(1)
}

function validityOf(element: Element): [Date, Date] {
  const [notBefore, notAfter, ...rest] = childrenOf(expectTag(element, tags.sequence))
  if (!notBefore || !notAfter || rest.length > 0) throw new DerError('validity is two times', element.start)
  return [certificateTimeOf(notBefore), certificateTimeOf(notAfter)]
}

/** Native readers of all releases fall over times without seconds, and take no leap second. */
function certificateTimeOf(element: Element): Date {
  const text = Buffer.from(contentOf(element)).toString('latin1')
  const digits = element.tag === tags.utcTime ? 12 : 14
  if (!/^\d+/.test(text) || /^\d+/.exec(text)![0].length < digits || text.slice(digits - 2, digits) > '59')
    throw new DerError('not a time with seconds from 0 to 59', element.start)
  return timeOf(element)
}

/** UTCTime or GeneralizedTime. Lenient: seconds may be missing and offsets are understood, as in OCSP responses. */
export function timeOf(element: Element): Date {
  const text = Buffer.from(contentOf(element)).toString('latin1')
  const match =
    element.tag === tags.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?()(Z|[+-]\d{4})$/.exec(text)
      : element.tag === tags.generalizedTime
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,](\d+))?(Z|[+-]\d{4})$/.exec(text)
        : null
  if (!match) throw new DerError('not a time', element.start)
  const [month, day, hour, minute, second] = match
    .slice(2, 7)
    .map((digits) => Number(digits ?? 0)) as number[]
  const digits = Number(match[1])
  // RFC 5280 §4.1.2.5.1: two-digit years are 1950 to 2049.
  const year = element.tag === tags.generalizedTime ? digits : digits + (digits < 50 ? 2000 : 1900)
  const zone = match[8]!
  const offsetMinutes =
    zone === 'Z' ? 0 : Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)))
  const milliseconds = Math.trunc(Number(`0.${match[7] || '0'}`) * 1000)
  const date = new Date(0)
  date.setUTCFullYear(year, month! - 1, day!)
  date.setUTCHours(hour!, minute! - offsetMinutes, second!, milliseconds)
  const inRange =
    month! >= 1 && month! <= 12 && day! >= 1 && day! <= 31 && hour! < 24 && minute! < 60 && second! < 61
  if (!inRange || Number.isNaN(date.getTime())) throw new DerError('not a time', element.start)
  return date
}

function extensionsOf(element: Element): Extension[] {
  const elements = childrenOf(expectTag(element, tags.sequence))
  if (elements.length > maxExtensions)
    throw new DerError(`more than ${maxExtensions} extensions`, element.start)
  return elements.map((extension) => {
    const parts = childrenOf(expectTag(extension, tags.sequence))
    const oid = oidOf(parts[0] ?? extension)
    const critical = parts[1]?.tag === tags.boolean && booleanOf(parts[1])
    const value = parts[parts[1]?.tag === tags.boolean ? 2 : 1]
    if (!value || value !== parts.at(-1))
      throw new DerError('an extension is an OID, a flag and a value', extension.start)
    return { oid, critical, value: definiteValue(contentOf(expectTag(value, tags.octetString))) }
  })
}
