import { isIP } from 'node:net'
import * as asn1js from 'asn1js'
import { AttributeTypeAndValue } from 'pkijs'

/** What the authority writes is encoded by asn1js, so that our reader is never tested on bytes of our own writer. */

export type Block = asn1js.AsnType

export const der = (block: { toBER(): ArrayBuffer }): Buffer => Buffer.from(block.toBER())

/** Bytes that are encoded already, to be put into a structure as they are. */
export const raw = (bytes: Uint8Array): Block => new Encoded(bytes)

class Encoded extends asn1js.BaseBlock {
  constructor(readonly bytes: Uint8Array) {
    super({}, asn1js.ValueBlock)
  }

  override toBER(_sizeOnly?: boolean, writer?: asn1js.ViewWriter): ArrayBuffer {
    const copy = new Uint8Array(this.bytes).buffer
    writer?.write(copy)
    return copy
  }
}

/** Any value by its identifier octet, sound or not; tag numbers below 31. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const idBlock = { tagClass: (tag >> 6) + 1, tagNumber: tag & 0x1f }
  return der(
    tag & 0x20
      ? new asn1js.Constructed({ idBlock, value: content.map(raw) })
      : new asn1js.Primitive({ idBlock, valueHex: Buffer.concat(content) }),
  )
}

export const sequence = (...content: readonly Uint8Array[]): Buffer =>
  der(new asn1js.Sequence({ value: content.map(raw) }))

export const oid = (dotted: string): Buffer => der(new asn1js.ObjectIdentifier({ value: dotted }))

export const integer = (value: number): Buffer => der(new asn1js.Integer({ value }))

/** An INTEGER of these content octets, minimal or not. */
export const integerOf = (octets: Uint8Array): Buffer => tlv(0x02, octets)

/** An INTEGER that is not negative. */
export const unsigned = (value: bigint): Buffer => der(asn1js.Integer.fromBigInt(value))

export const nullValue: Buffer = der(new asn1js.Null())
export const octetString = (bytes: Uint8Array): Buffer => der(new asn1js.OctetString({ valueHex: bytes }))
export const bitString = (bytes: Uint8Array): Buffer => der(new asn1js.BitString({ valueHex: bytes }))

/** UTCTime from 1950 through 2049, GeneralizedTime otherwise (RFC 5280 §4.1.2.5); whole seconds. */
export function time(at: Date): Buffer {
  const valueDate = wholeSeconds(at)
  const year = valueDate.getUTCFullYear()
  const utc = year >= 1950 && year < 2050
  return der(utc ? new asn1js.UTCTime({ valueDate }) : new asn1js.GeneralizedTime({ valueDate }))
}

export const wholeSeconds = (at: Date): Date => new Date(Math.floor(at.getTime() / 1000) * 1000)

const attributeOids = {
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
} as const
export type Attribute = keyof typeof attributeOids | `${number}.${string}`

const stringTypes = {
  utf8: asn1js.Utf8String,
  printable: asn1js.PrintableString,
  ia5: asn1js.IA5String,
  teletex: asn1js.TeletexString,
  bmp: asn1js.BmpString,
  universal: asn1js.UniversalString,
}
export type StringType = keyof typeof stringTypes

/** Common name, attributes in order, or a Name that is encoded already. */
export type Subject = string | readonly (readonly [attribute: Attribute, value: string])[] | Uint8Array

/** One attribute a set; C is a PrintableString and DC, emailAddress are IA5String whatever else is asked for. */
export function nameDer(subject: Subject, stringType: StringType = 'utf8'): Buffer {
  if (subject instanceof Uint8Array) return Buffer.from(subject)
  const pairs = typeof subject === 'string' ? ([['CN', subject]] as const) : subject
  return der(
    new asn1js.Sequence({
      value: pairs.map(([attribute, value]) => {
        const fixed =
          attribute === 'C' ? 'printable' : /^(DC|emailAddress)$/.test(attribute) ? 'ia5' : stringType
        const type =
          attribute in attributeOids ? attributeOids[attribute as keyof typeof attributeOids] : attribute
        const pair = new AttributeTypeAndValue({ type, value: new stringTypes[fixed]({ value }) })
        return new asn1js.Set({ value: [pair.toSchema()] })
      }),
    }),
  )
}

/** A dNSName, or an iPAddress where the text is one. */
export function generalName(name: string): Buffer {
  if (isIP(name) === 4) return tlv(0x87, Buffer.from(name.split('.').map(Number)))
  if (isIP(name) === 6) return tlv(0x87, addressBytes(name))
  return tlv(0x82, Buffer.from(name))
}

function addressBytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const words = (text: string) => text.split(':').filter(Boolean)
  const missing = tail === undefined ? 0 : 8 - words(head).length - words(tail).length
  const all = [...words(head), ...Array<string>(missing).fill('0'), ...words(tail ?? '')]
  return Buffer.from(all.map((word) => word.padStart(4, '0')).join(''), 'hex')
}
