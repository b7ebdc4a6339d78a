import type { Certificate, Name } from './certificate.js'
import {
  bytesOf,
  childrenOf,
  contentOf,
  countOf,
  DerError,
  type Element,
  elementAt,
  expectTag,
  hexOf,
  oidOf,
  onlyElement,
  tags,
} from './der.js'
import { nameOf } from './name.js'
import { algorithmOf, parseCertificate, timeOf } from './parse.js'

/** RFC 6960 §4.2.1; `successful` is the only one that carries an answer. */
export const ocspStatuses = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  '',
  'sigRequired',
  'unauthorized',
] as const

/** Content of an OCSP response, nothing verified. */
export interface OcspResponse {
  readonly status: (typeof ocspStatuses)[number]
  /** Null unless successful. */
  readonly basic: BasicOcspResponse | null
}

export interface BasicOcspResponse {
  /** ResponseData as signed. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: string
  readonly signatureParameters: Uint8Array | null
  readonly signature: Uint8Array
  /** Exactly one of the two is there. */
  readonly responderName: Name | null
  /** SHA-1 of the responder's key, lower-case hex. */
  readonly responderKeyHash: string | null
  readonly answers: readonly OcspAnswer[]
  readonly certificates: readonly Certificate[]
}

/** One SingleResponse. Hashes and serial number are lower-case hex. */
export interface OcspAnswer {
  readonly hashAlgorithm: string
  readonly issuerNameHash: string
  readonly issuerKeyHash: string
  readonly serialNumber: string
  readonly certificateStatus: 'good' | 'revoked' | 'unknown'
  readonly revokedAt: Date | null
  readonly thisUpdate: Date
  readonly nextUpdate: Date | null
}

/** A staple holds one answer, seldom more; bounds the work for a hostile one. */
const maxEntries = 64

/** Reads an OCSP response (RFC 6960 §4.2.1). Never throws; the text says what could not be read. */
export function parseOcspResponse(
  der: Uint8Array,
): { readonly ok: true; readonly response: OcspResponse } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, response: responseOf(onlyElement(der, tags.sequence)) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return { ok: false, message: `${error.message} at offset ${error.offset}` }
  }
}

function responseOf(element: Element): OcspResponse {
  const [statusField, body] = childrenOf(element)
  const status = ocspStatuses[statusField?.tag === tags.enumerated ? (contentOf(statusField)[0] ?? -1) : -1]
  if (status === undefined) throw new DerError('not a response status', element.start)
  if (status !== 'successful') return { status, basic: null }
  const bytes = body?.tag === 0xa0 ? childrenOf(body)[0] : undefined
  const [type, content] = bytes ? childrenOf(expectTag(bytes, tags.sequence)) : []
  if (!type || !content || oidOf(type) !== '1.3.6.1.5.5.7.48.1.1')
    throw new DerError('not a basic response', element.start)
  return {
    status,
    basic: basicOf(onlyElement(contentOf(expectTag(content, tags.octetString)), tags.sequence)),
  }
}

function basicOf(element: Element): BasicOcspResponse {
  const [data, algorithm, signature, certificates] = childrenOf(element)
  if (!data || !algorithm || !signature) throw new DerError('not a basic response', element.start)
  const { oid, parameters } = algorithmOf(algorithm)
  const bits = contentOf(expectTag(signature, tags.bitString))
  const fields = childrenOf(expectTag(data, tags.sequence))
  if (fields[0]?.tag === 0xa0) countOf(childrenOf(fields.shift()!)[0] ?? data)
  const [responder, producedAt, answers, extensions] = fields
  if (!responder || !producedAt || !answers) throw new DerError('response data is incomplete', data.start)
  timeOf(expectTag(producedAt, tags.generalizedTime))
  if (extensions?.tag === 0xa1) refuseCritical(extensions)
  const inner = elementAt(responder.source, responder.content, responder.end)
  return {
    signed: bytesOf(data),
    signatureAlgorithm: oid,
    signatureParameters: parameters,
    signature: bits.subarray(1),
    responderName: responder.tag === 0xa1 ? nameOf(inner) : null,
    responderKeyHash: responder.tag === 0xa2 ? hexOf(contentOf(expectTag(inner, tags.octetString))) : null,
    answers: bounded(childrenOf(expectTag(answers, tags.sequence))).map(answerOf),
    certificates: certificates
      ? bounded(childrenOf(childrenOf(certificates)[0] ?? certificates)).map(certificateOf)
      : [],
  }
}

function answerOf(element: Element): OcspAnswer {
  const [id, status, thisUpdate, ...optional] = childrenOf(expectTag(element, tags.sequence))
  const [algorithm, nameHash, keyHash, serial] = id ? childrenOf(expectTag(id, tags.sequence)) : []
  if (!algorithm || !nameHash || !keyHash || !serial || !status || !thisUpdate) {
    throw new DerError('an answer is incomplete', element.start)
  }
  const certificateStatus = (['good', 'revoked', 'unknown'] as const)[status.tag & 0x1f]
  if (!certificateStatus) throw new DerError('not a certificate status', status.start)
  // Extensions of a single answer are lost on Android's reader, critical ones too.
  const nextUpdate = optional[0]?.tag === 0xa0 ? optional[0] : undefined
  const time = (field: Element | undefined): Date => timeOf(expectTag(field ?? element, tags.generalizedTime))
  return {
    hashAlgorithm: algorithmOf(algorithm).oid,
    issuerNameHash: hexOf(contentOf(expectTag(nameHash, tags.octetString))),
    issuerKeyHash: hexOf(contentOf(expectTag(keyHash, tags.octetString))),
    serialNumber: hexOf(contentOf(expectTag(serial, tags.integer))),
    certificateStatus,
    revokedAt: certificateStatus === 'revoked' ? time(childrenOf(status)[0]) : null,
    thisUpdate: time(thisUpdate),
    nextUpdate: nextUpdate ? time(childrenOf(nextUpdate)[0]) : null,
  }
}

/** RFC 6960 §4.4: none of the extensions in use is critical, and a reader must refuse those it does not know. */
function refuseCritical(element: Element): void {
  for (const extension of childrenOf(childrenOf(element)[0] ?? element)) {
    const [, critical] = childrenOf(extension)
    if (critical?.tag === tags.boolean && contentOf(critical)[0] !== 0) {
      throw new DerError('a critical extension', extension.start)
    }
  }
}

function certificateOf(element: Element): Certificate {
  const result = parseCertificate(bytesOf(element))
  if (!result.ok)
    throw new DerError(`a certificate that cannot be read (${result.problem.field})`, element.start)
  return result.certificate
}

function bounded(elements: Element[]): Element[] {
  if (elements.length > maxEntries) throw new DerError(`more than ${maxEntries} entries`, elements[0]!.start)
  return elements
}
