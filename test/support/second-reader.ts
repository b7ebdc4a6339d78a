import { createHash } from 'node:crypto'
import * as asn1js from 'asn1js'
import {
  type AltName,
  type AuthorityKeyIdentifier,
  type BasicConstraints,
  type ExtKeyUsage,
  type GeneralName,
  type InfoAccess,
  Certificate as TheirCertificate,
} from 'pkijs'
import type { Certificate } from '../../src/x509/certificate.js'

/** A certificate's fields in one notation: lower-case hex, ISO times, lists in order; null where there is no value. */
export type Fields = Readonly<Record<string, unknown>>

const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(new Uint8Array(bytes)).toString('hex')
const bytesOf = (block: { toBER(): ArrayBuffer }): string => hex(block.toBER())

export function ourFields(certificate: Certificate): Fields {
  const { basicConstraints, authorityKeyIdentifier, subjectAltNames } = certificate
  return {
    version: certificate.version,
    serialNumber: certificate.serialNumber,
    issuer: hex(certificate.issuer.der),
    subject: hex(certificate.subject.der),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    publicKey: hex(certificate.publicKey.spki),
    tbs: createHash('sha256').update(certificate.tbs).digest('hex'),
    signatureAlgorithm: certificate.signatureAlgorithm,
    signature: hex(certificate.signature),
    extensions: certificate.extensions.map(({ oid, critical, value }) => [oid, critical, hex(value)]),
    basicConstraints: basicConstraints && [basicConstraints.ca, basicConstraints.pathLength],
    keyUsage: certificate.keyUsage && [...certificate.keyUsage],
    extendedKeyUsage: certificate.extendedKeyUsage,
    subjectAltNames: subjectAltNames?.map(({ type, bytes }) => [type, hex(bytes)]) ?? null,
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    authorityKeyIdentifier: authorityKeyIdentifier && [
      authorityKeyIdentifier.keyIdentifier,
      authorityKeyIdentifier.serialNumber,
    ],
    caIssuers: certificate.caIssuers,
  }
}

const usages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]
const nameTypes = ['other', 'email', 'dns', 'other', 'directory', 'other', 'uri', 'ip', 'other']

/** As pkijs reads them. Throws where it cannot. */
export function theirFields(der: Uint8Array): Fields {
  const certificate = TheirCertificate.fromBER(der)
  const extensions = certificate.extensions ?? []
  const known = (oid: string): unknown => extensions.find(({ extnID }) => extnID === oid)?.parsedValue ?? null
  const constraints = known('2.5.29.19') as BasicConstraints | null
  const usage = known('2.5.29.15') as asn1js.BitString | null
  const authority = known('2.5.29.35') as AuthorityKeyIdentifier | null
  const names = known('2.5.29.17') as AltName | null
  const access = known('1.3.6.1.5.5.7.1.1') as InfoAccess | null
  const octets = usage?.valueBlock.valueHexView
  const length = constraints?.pathLenConstraint
  return {
    version: certificate.version + 1,
    serialNumber: hex(certificate.serialNumber.valueBlock.valueHexView),
    issuer: hex(certificate.issuer.valueBeforeDecode),
    subject: hex(certificate.subject.valueBeforeDecode),
    notBefore: certificate.notBefore.value.toISOString(),
    notAfter: certificate.notAfter.value.toISOString(),
    publicKey: bytesOf(certificate.subjectPublicKeyInfo.toSchema()),
    tbs: createHash('sha256').update(certificate.tbsView).digest('hex'),
    signatureAlgorithm: certificate.signatureAlgorithm.algorithmId,
    signature: hex(certificate.signatureValue.valueBlock.valueHexView),
    extensions: extensions.map(({ extnID, critical, extnValue }) => [
      extnID,
      critical,
      hex(extnValue.valueBlock.valueHexView),
    ]),
    basicConstraints: constraints && [
      constraints.cA,
      length === undefined ? null : typeof length === 'number' ? length : length.valueBlock.valueDec,
    ],
    keyUsage: octets
      ? usages.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
      : null,
    extendedKeyUsage: (known('2.5.29.37') as ExtKeyUsage | null)?.keyPurposes ?? null,
    subjectAltNames:
      names?.altNames.map(({ type, value }) => [nameTypes[type], nameBytes(type, value)]) ?? null,
    subjectKeyIdentifier: octetsOf(known('2.5.29.14') as asn1js.OctetString | null),
    authorityKeyIdentifier: authority && [
      octetsOf(authority.keyIdentifier ?? null),
      authority.authorityCertSerialNumber
        ? hex(authority.authorityCertSerialNumber.valueBlock.valueHexView)
        : null,
    ],
    caIssuers:
      access?.accessDescriptions
        .filter(
          ({ accessMethod, accessLocation }) =>
            accessMethod === '1.3.6.1.5.5.7.48.2' && accessLocation.type === 6,
        )
        .map(({ accessLocation }) => accessLocation.value) ?? [],
  }
}

const octetsOf = (block: asn1js.OctetString | null): string | null =>
  block && hex(block.valueBlock.valueHexView)

/** Content octets of a name; pkijs holds text, a structure, or (x400Address, ediPartyName) nothing. */
function nameBytes(type: GeneralName['type'], value: GeneralName['value']): string | null {
  if (value === undefined) return null
  if (type === 8) return hex(new asn1js.ObjectIdentifier({ value }).valueBlock.toBER())
  if (typeof value === 'string') return hex(Buffer.from(value, 'latin1'))
  if (type === 4) return hex(value.valueBeforeDecode)
  if (value instanceof asn1js.Constructed) return value.valueBlock.value.map(bytesOf).join('')
  return hex(value.valueBlock.valueHexView)
}
