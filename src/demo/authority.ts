import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import * as asn1js from 'asn1js'
import {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  DistributionPoint,
  Extension,
  ExtKeyUsage,
  GeneralName,
  InfoAccess,
} from 'pkijs'
import {
  type Block,
  bitString,
  der,
  generalName,
  integerOf,
  nameDer,
  type StringType,
  type Subject,
  sequence,
  time,
} from './asn1.js'
import { type KeyKind, keyOf } from './keys.js'
import { type Hash, signerOf } from './sign.js'

export { oid, sequence, tlv } from './asn1.js'
export { type KeyKind, keyOf } from './keys.js'

/**
 * A throw-away certification authority for the demo farm and the tests. It issues whatever it is asked to, sound or
 * not; nothing in the checker uses it. It has no state, no clock and no chance: the same request gives the same bytes.
 */

export interface IssueOptions {
  readonly subject: Subject
  /** Omitted: self-signed. */
  readonly issuer?: Pick<Issued, 'key' | 'subjectDer' | 'subjectKeyIdentifier'>
  /** Kind of key (default `P-256`), or the key of another certificate for a renewal or a cross-certificate. */
  readonly key?: KeyKind | KeyObject
  /** Names the key. Default: the subject, so that a namesake with a key of its own needs a name here. */
  readonly keyName?: string
  /** SubjectPublicKeyInfo to write instead of the key's. */
  readonly spki?: Uint8Array
  readonly ca?: boolean | { readonly pathLength: number }
  /** Default: 2020 through 2039, or one day before and 365 after `at`. */
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly at?: Date
  /** Content octets. Default: follows from everything else that is signed. */
  readonly serialNumber?: Uint8Array
  /** dNSNames and addresses. */
  readonly names?: readonly string[]
  /** keyUsage bits by number (RFC 5280 §4.2.1.3); null: no extension. Default by role. */
  readonly keyUsage?: readonly number[] | null
  /** Purpose OIDs; null: no extension. Default: serverAuth for end entities, none for authorities. */
  readonly extendedKeyUsage?: readonly string[] | null
  readonly caIssuers?: readonly string[]
  /** Addresses of its list of revoked certificates. */
  readonly revocationLists?: readonly string[]
  readonly hash?: Hash
  /** Sign with RSASSA-PSS even though the issuer's key is plain RSA. */
  readonly pss?: boolean
  /** 1 has no extensions. */
  readonly version?: 1 | 3
  /** Subject and authority key identifiers; null: left out. */
  readonly subjectKeyIdentifier?: Uint8Array | null
  readonly authorityKeyIdentifier?: Uint8Array | null
  readonly stringType?: StringType
  readonly extensions?: readonly ExtensionOptions[]
  /** Changes the fields of the signed part, in order, before it is signed: for encodings that no option has. */
  readonly amend?: (fields: Buffer[]) => void
  /** AlgorithmIdentifier outside the signed part. Default: the same as inside. */
  readonly outerAlgorithm?: Uint8Array
}

export interface ExtensionOptions {
  readonly oid: string
  readonly critical?: boolean
  readonly value: Uint8Array
}

export interface Issued {
  readonly der: Uint8Array
  readonly pem: string
  readonly key: KeyObject
  readonly keyPem: string
  readonly subjectDer: Uint8Array
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  readonly subjectKeyIdentifier: Uint8Array | null
  /** Content octets. */
  readonly serialNumber: Uint8Array
}

const dayMs = 86_400_000

export function issue(options: IssueOptions): Issued {
  const subjectDer = nameDer(options.subject, options.stringType)
  const key =
    typeof options.key === 'object'
      ? options.key
      : keyOf(options.key ?? 'P-256', options.keyName ?? keyName(options.subject))
  const spki = options.spki ?? createPublicKey(key).export({ type: 'spki', format: 'der' })
  const issuer = options.issuer ?? { key, subjectDer, subjectKeyIdentifier: null }
  const signer = signerOf(issuer.key, options.hash, options.pss)
  const subjectKeyIdentifier =
    options.subjectKeyIdentifier === undefined ? keyHash('sha1', spki) : options.subjectKeyIdentifier
  const authorityKeyIdentifier =
    options.authorityKeyIdentifier === undefined
      ? issuer.subjectKeyIdentifier
      : options.authorityKeyIdentifier
  const extensions =
    options.version === 1 ? [] : extensionsOf({ ...options, subjectKeyIdentifier, authorityKeyIdentifier })
  const following = [
    signer.identifier,
    Buffer.from(issuer.subjectDer),
    sequence(...validityOf(options).map(time)),
    subjectDer,
    Buffer.from(spki),
    ...(extensions.length > 0 ? [der(explicit(3, new asn1js.Sequence({ value: extensions })))] : []),
  ]
  const serialNumber = options.serialNumber ?? serialFrom(following)
  const fields = [
    ...(options.version === 1 ? [] : [der(explicit(0, new asn1js.Integer({ value: 2 })))]),
    integerOf(serialNumber),
    ...following,
  ]
  options.amend?.(fields)
  const tbs = sequence(...fields)
  const certificate = sequence(tbs, options.outerAlgorithm ?? signer.identifier, bitString(signer.sign(tbs)))
  return {
    der: certificate,
    pem: pemOf(certificate),
    key,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subjectDer,
    spki,
    subjectKeyIdentifier,
    serialNumber,
  }
}

const keyName = (subject: Subject): string =>
  typeof subject === 'string'
    ? subject
    : JSON.stringify(subject instanceof Uint8Array ? [...subject] : subject)

function validityOf({ notBefore, notAfter, at }: IssueOptions): Date[] {
  return [
    notBefore ?? (at ? new Date(at.getTime() - dayMs) : new Date('2020-01-01T00:00:00Z')),
    notAfter ?? (at ? new Date(at.getTime() + 365 * dayMs) : new Date('2040-01-01T00:00:00Z')),
  ]
}

/** 16 octets, positive and without a leading zero. */
function serialFrom(fields: readonly Uint8Array[]): Buffer {
  const serial = createHash('sha256').update(Buffer.concat(fields)).digest().subarray(0, 16)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  return serial
}

/** Of the key's bits: what identifiers are made of (RFC 5280 §4.2.1.2) and what OCSP asks by. */
export function keyHash(hash: Hash, spki: Uint8Array): Buffer {
  const { result } = asn1js.fromBER(spki)
  const bits = (result as asn1js.Sequence).valueBlock.value[1] as asn1js.BitString
  return createHash(hash).update(bits.valueBlock.valueHexView).digest()
}

export const explicit = (tagNumber: number, value: Block): asn1js.Constructed =>
  new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [value] })

export const extensionBlock = ({ oid, critical, value }: ExtensionOptions): Block =>
  new Extension({
    extnID: oid,
    critical: critical ?? false,
    extnValue: new Uint8Array(value).buffer,
  }).toSchema() as unknown as Block

export const pemOf = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`

function extensionsOf(options: IssueOptions): Block[] {
  const { ca, names, caIssuers, subjectKeyIdentifier, authorityKeyIdentifier } = options
  const isCa = ca !== undefined && ca !== false
  const keyUsage = options.keyUsage === undefined ? (isCa ? [5, 6] : [0, 2]) : options.keyUsage
  const keyPurposes =
    options.extendedKeyUsage === undefined ? (isCa ? null : ['1.3.6.1.5.5.7.3.1']) : options.extendedKeyUsage
  const list: (ExtensionOptions | false | null | undefined)[] = [
    isCa && {
      oid: '2.5.29.19',
      critical: true,
      value: der(
        new BasicConstraints({
          cA: true,
          ...(typeof ca === 'object' ? { pathLenConstraint: ca.pathLength } : {}),
        }).toSchema(),
      ),
    },
    keyUsage && { oid: '2.5.29.15', critical: true, value: keyUsageBits(keyUsage) },
    keyPurposes && {
      oid: '2.5.29.37',
      value: der(new ExtKeyUsage({ keyPurposes: [...keyPurposes] }).toSchema()),
    },
    names && { oid: '2.5.29.17', value: sequence(...names.map(generalName)) },
    subjectKeyIdentifier && {
      oid: '2.5.29.14',
      value: der(new asn1js.OctetString({ valueHex: subjectKeyIdentifier })),
    },
    authorityKeyIdentifier && {
      oid: '2.5.29.35',
      value: der(
        new AuthorityKeyIdentifier({
          keyIdentifier: new asn1js.OctetString({ valueHex: authorityKeyIdentifier }),
        }).toSchema(),
      ),
    },
    caIssuers && { oid: '1.3.6.1.5.5.7.1.1', value: informationAccess(caIssuers) },
    options.revocationLists && {
      oid: '2.5.29.31',
      value: sequence(...options.revocationLists.map(distributionPoint)),
    },
    ...(options.extensions ?? []),
  ]
  return list.filter((extension) => !!extension).map(extensionBlock)
}

const informationAccess = (urls: readonly string[]): Buffer =>
  der(
    new InfoAccess({
      accessDescriptions: urls.map(
        (value) =>
          new AccessDescription({
            accessMethod: '1.3.6.1.5.5.7.48.2',
            accessLocation: new GeneralName({ type: 6, value }),
          }),
      ),
    }).toSchema(),
  )

const distributionPoint = (url: string): Buffer =>
  der(new DistributionPoint({ distributionPoint: [new GeneralName({ type: 6, value: url })] }).toSchema())

function keyUsageBits(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(bits.some((bit) => bit > 7) ? 2 : 1)
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7)
  return der(new asn1js.BitString({ valueHex: bytes, unusedBits: 7 - (Math.max(0, ...bits) & 7) }))
}
