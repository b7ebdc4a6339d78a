import { createHash } from 'node:crypto'
import * as asn1js from 'asn1js'
import {
  AlgorithmIdentifier,
  BasicOCSPResponse,
  CertID,
  Certificate,
  CertificateRevocationList,
  Extension,
  Extensions,
  OCSPResponse,
  RelativeDistinguishedNames,
  ResponseBytes,
  ResponseData,
  RevokedCertificate,
  SingleResponse,
  Time,
  TimeType,
} from 'pkijs'
import { der, integer, wholeSeconds } from './asn1.js'
import { type ExtensionOptions, type Issued, keyHash } from './authority.js'
import { type Hash, hashIdentifier, signerOf } from './sign.js'

/** What the authority says about its certificates afterwards: OCSP responses (RFC 6960) and CRLs (RFC 5280 §5). */

/** RFC 6960 §4.2.1. 4 is not used there. */
export const responseStatuses = {
  successful: 0,
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  sigRequired: 5,
  unauthorized: 6,
} as const

export interface Answer {
  /** The certificate asked about. */
  readonly about: Pick<Issued, 'serialNumber'>
  /** Default: the issuer of the response. */
  readonly issuer?: Pick<Issued, 'spki' | 'subjectDer'>
  readonly status: 'good' | 'unknown' | { readonly revokedAt: Date; readonly reason?: number }
  readonly thisUpdate: Date
  /** Omitted: newer answers may be had at any time. */
  readonly nextUpdate?: Date
  /** Of name and key in the CertID; default `sha1`. */
  readonly idHash?: Hash
  /** The algorithm that the CertID names; default: the one used. */
  readonly idHashNamed?: Hash
  readonly extensions?: readonly ExtensionOptions[]
}

export interface ResponseOptions {
  readonly issuer: Issued
  /** Default: the issuer itself. */
  readonly signer?: Issued
  readonly answers: readonly Answer[]
  /** How the responder is named: by name (default), by the SHA-1 of its key, or as if that were these octets. */
  readonly responder?: 'name' | 'key' | Uint8Array
  /** Certificates sent along, such as the signer's. */
  readonly certificates?: readonly Pick<Issued, 'der'>[]
  /** Default: the first answer's thisUpdate. */
  readonly producedAt?: Date
  readonly hash?: Hash
  readonly pss?: boolean
  readonly extensions?: readonly ExtensionOptions[]
}

/** A response that says nothing but why there is none; or any number, sound or not. */
export function refuseOcsp(status: keyof typeof responseStatuses | number): Buffer {
  const value = typeof status === 'number' ? status : responseStatuses[status]
  return der(new OCSPResponse({ responseStatus: new asn1js.Enumerated({ value }) }).toSchema())
}

export function respondOcsp(options: ResponseOptions): Buffer {
  const { signer = options.issuer, responder = 'name' } = options
  const { identifier, sign } = signerOf(signer.key, options.hash, options.pss)
  const data = new ResponseData({
    responderID:
      responder === 'name'
        ? nameOf(signer.subjectDer)
        : new asn1js.OctetString({
            valueHex: responder === 'key' ? keyHash('sha1', signer.spki) : responder,
          }),
    producedAt: wholeSeconds(options.producedAt ?? options.answers[0]!.thisUpdate),
    responses: options.answers.map((answer) => singleResponse(answer, options.issuer)),
    ...(options.extensions ? { responseExtensions: options.extensions.map(extensionOf) } : {}),
  })
  const signed = der(data.toSchema(true))
  data.tbsView = signed
  const basic = new BasicOCSPResponse({
    tbsResponseData: data,
    signatureAlgorithm: AlgorithmIdentifier.fromBER(identifier),
    signature: new asn1js.BitString({ valueHex: sign(signed) }),
    ...(options.certificates
      ? { certs: options.certificates.map((one) => Certificate.fromBER(one.der)) }
      : {}),
  })
  return der(
    new OCSPResponse({
      responseStatus: new asn1js.Enumerated({ value: responseStatuses.successful }),
      responseBytes: new ResponseBytes({
        responseType: '1.3.6.1.5.5.7.48.1.1',
        response: new asn1js.OctetString({ valueHex: der(basic.toSchema()) }),
      }),
    }).toSchema(),
  )
}

function singleResponse(answer: Answer, responseIssuer: Pick<Issued, 'spki' | 'subjectDer'>): SingleResponse {
  const { idHash = 'sha1', issuer = responseIssuer, nextUpdate } = answer
  const digest = (bytes: Uint8Array) => new asn1js.OctetString({ valueHex: bytes })
  return new SingleResponse({
    certID: new CertID({
      hashAlgorithm: hashIdentifier(answer.idHashNamed ?? idHash),
      issuerNameHash: digest(createHash(idHash).update(issuer.subjectDer).digest()),
      issuerKeyHash: digest(keyHash(idHash, issuer.spki)),
      serialNumber: new asn1js.Integer({ valueHex: answer.about.serialNumber }),
    }),
    certStatus: certificateStatus(answer.status),
    thisUpdate: wholeSeconds(answer.thisUpdate),
    ...(nextUpdate ? { nextUpdate: wholeSeconds(nextUpdate) } : {}),
    ...(answer.extensions ? { singleExtensions: answer.extensions.map(extensionOf) } : {}),
  })
}

function certificateStatus(status: Answer['status']): asn1js.BaseBlock {
  const idBlock = (tagNumber: number) => ({ tagClass: 3, tagNumber })
  if (status === 'good') return new asn1js.Primitive({ idBlock: idBlock(0) })
  if (status === 'unknown') return new asn1js.Primitive({ idBlock: idBlock(2) })
  const reason = new asn1js.Enumerated({ value: status.reason ?? 0 })
  const value = [
    new asn1js.GeneralizedTime({ valueDate: wholeSeconds(status.revokedAt) }),
    ...(status.reason === undefined
      ? []
      : [new asn1js.Constructed({ idBlock: idBlock(0), value: [reason] })]),
  ]
  return new asn1js.Constructed({ idBlock: idBlock(1), value })
}

export interface RevocationListOptions {
  readonly issuer: Issued
  readonly revoked: readonly {
    readonly certificate: Pick<Issued, 'serialNumber'>
    readonly at: Date
    readonly reason?: number
  }[]
  readonly thisUpdate: Date
  readonly nextUpdate?: Date
  /** cRLNumber; default 1. */
  readonly number?: number
  readonly hash?: Hash
  readonly pss?: boolean
  readonly extensions?: readonly ExtensionOptions[]
}

/** A version 2 CRL with authorityKeyIdentifier and cRLNumber (RFC 5280 §5.2). */
export function revocationList(options: RevocationListOptions): Buffer {
  const { issuer, revoked, nextUpdate } = options
  const { identifier, sign } = signerOf(issuer.key, options.hash, options.pss)
  const algorithm = AlgorithmIdentifier.fromBER(identifier)
  const identified = issuer.subjectKeyIdentifier
    ? [{ oid: '2.5.29.35', value: keyIdentifier(issuer.subjectKeyIdentifier) }]
    : []
  const extensions = [
    ...identified,
    { oid: '2.5.29.20', value: integer(options.number ?? 1) },
    ...(options.extensions ?? []),
  ]
  const list = new CertificateRevocationList({
    version: 1,
    signature: algorithm,
    issuer: nameOf(issuer.subjectDer),
    thisUpdate: timeOf(options.thisUpdate),
    ...(nextUpdate ? { nextUpdate: timeOf(nextUpdate) } : {}),
    ...(revoked.length > 0 ? { revokedCertificates: revoked.map(revokedCertificate) } : {}),
    crlExtensions: new Extensions({ extensions: extensions.map(extensionOf) }),
    signatureAlgorithm: algorithm,
  })
  const signed = der((list.toSchema(true) as asn1js.Sequence).valueBlock.value[0]!)
  list.tbsView = new Uint8Array(signed)
  list.signatureValue = new asn1js.BitString({ valueHex: sign(signed) })
  return der(list.toSchema())
}

const keyIdentifier = (bytes: Uint8Array): Buffer =>
  der(
    new asn1js.Sequence({
      value: [new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: bytes })],
    }),
  )

function revokedCertificate({
  certificate,
  at,
  reason,
}: RevocationListOptions['revoked'][number]): RevokedCertificate {
  const code = { oid: '2.5.29.21', value: der(new asn1js.Enumerated({ value: reason ?? 0 })) }
  return new RevokedCertificate({
    userCertificate: new asn1js.Integer({ valueHex: certificate.serialNumber }),
    revocationDate: timeOf(at),
    ...(reason === undefined
      ? {}
      : { crlEntryExtensions: new Extensions({ extensions: [extensionOf(code)] }) }),
  })
}

const nameOf = (subjectDer: Uint8Array): RelativeDistinguishedNames =>
  RelativeDistinguishedNames.fromBER(subjectDer)

const timeOf = (at: Date): Time => {
  const type = at.getUTCFullYear() < 2050 ? TimeType.UTCTime : TimeType.GeneralizedTime
  return new Time({ type, value: wholeSeconds(at) })
}

const extensionOf = ({ oid, critical, value }: ExtensionOptions): Extension =>
  new Extension({ extnID: oid, critical: critical ?? false, extnValue: new Uint8Array(value).buffer })
