import { ContentInfo } from 'pkijs'
import { childrenIn, parseBer } from './ber.js'
import { ContainerProblem } from './problem.js'

/**
 * The bytes of each certificate of a SignedData (RFC 5652 §5.1), in order. Signatures over the message are not looked
 * at: a certs-only file has none, and every certificate has to prove itself. The library's own certificates are not
 * asked for: it would refuse, and re-encode, what a server may well send. Throws `ContainerProblem` or `DerError`.
 */
export function certificatesOfPkcs7(bytes: Uint8Array): readonly Uint8Array[] {
  const { contentType, content } = new ContentInfo({ schema: parseBer(bytes) })
  if (contentType !== ContentInfo.SIGNED_DATA) {
    throw new ContainerProblem('is PKCS #7 without certificates: its content is not SignedData')
  }
  const certificates = childrenIn(content).find(({ idBlock: { tagClass, tagNumber } }) => {
    return tagClass === contextSpecific && tagNumber === 0
  })
  // Other choices than a plain certificate carry a context tag: obsolete ones, and attribute certificates.
  return childrenIn(certificates)
    .filter(({ idBlock: { tagClass, tagNumber } }) => tagClass === universal && tagNumber === sequence)
    .map(({ valueBeforeDecodeView }) => valueBeforeDecodeView)
}

const universal = 1
const contextSpecific = 3
const sequence = 16
