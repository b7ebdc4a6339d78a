import { Constructed, Integer, ObjectIdentifier, Sequence, Set as SetOf, type ViewWriter } from 'asn1js'
import { ContentInfo } from 'pkijs'
import type { Certificate } from '../x509/certificate.js'

/**
 * A certs-only PKCS #7 file (`.p7b`, RFC 5652 §5.1 with no signers), certificates in the order given and byte for byte.
 * DER would sort the set; no reader asks for it, and leaf-to-root order is what a person expects to see.
 */
export function toPkcs7(certificates: readonly Certificate[]): Uint8Array {
  // Written as they are: the library would encode the certificates anew.
  const verbatim = certificates.map(({ der }) =>
    Object.assign(new Sequence(), {
      toBER: (_sizeOnly?: boolean, writer?: ViewWriter) => {
        const bytes = new Uint8Array(der).buffer
        writer?.write(bytes)
        return bytes
      },
    }),
  )
  const content = new Sequence({
    value: [
      new Integer({ value: 1 }),
      new SetOf(),
      new Sequence({ value: [new ObjectIdentifier({ value: ContentInfo.DATA })] }),
      new Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: verbatim }),
      new SetOf(),
    ],
  })
  return new Uint8Array(
    new ContentInfo({ contentType: ContentInfo.SIGNED_DATA, content }).toSchema().toBER(false),
  )
}
