import { createHash } from 'node:crypto'
import { validityProblem } from '../path/problem.js'
import type { Certificate, PublicKey } from '../x509/certificate.js'
import { childrenOf, contentOf, onlyElement } from '../x509/der.js'
import { sameName } from '../x509/name-match.js'
import type { BasicOcspResponse, OcspAnswer, OcspResponse, parseOcspResponse } from '../x509/ocsp.js'
import { verifySigned } from '../x509/signature.js'
import type { RuleId } from './rule-id.js'

type StapleRule = Extract<RuleId, `staple-${string}`>

export interface StapleProblem {
  readonly rule: StapleRule
  readonly detail: string
}

/** OCSPResponse.MAX_CLOCK_SKEW. */
const clockSkewMs = 15 * 60_000

const sha1Oid = '1.3.14.3.2.26'
const rsassaPss = '1.2.840.113549.1.1.10'
const ocspSigning = '1.3.6.1.5.5.7.3.9'

/** Where a staple is read once for all releases. */
export type Staple = ReturnType<typeof parseOcspResponse>

/**
 * What Android 8.0 and later hold against a stapled response for `leaf`, issued by `issuer`; null: nothing. As in
 * sun.security.provider.certpath.RevocationChecker#checkOCSP and OCSPResponse#verify, in their order.
 */
export function stapleProblem(
  staple: Staple,
  leaf: Certificate,
  issuer: Certificate,
  at: Date,
): StapleProblem | null {
  if (!staple.ok) return { rule: 'staple-unusable', detail: staple.message }
  const { status, basic }: OcspResponse = staple.response
  if (!basic)
    return { rule: 'staple-unusable', detail: `the responder answered ${status || 'an undefined status'}` }
  const answer = answerFor(basic, leaf, issuer)
  if (!answer) return { rule: 'staple-unusable', detail: missingAnswer(basic) }
  const unverified = signatureProblem(basic, issuer, at)
  if (unverified) return { rule: 'staple-unverified', detail: unverified }
  // Every answer must be fresh, not only the one asked for; of several about one certificate the last is kept.
  const stale = lastAnswers(basic).find(({ thisUpdate, nextUpdate }) => {
    const end = nextUpdate ?? thisUpdate
    return at.getTime() + clockSkewMs < thisUpdate.getTime() || at.getTime() - clockSkewMs > end.getTime()
  })
  if (stale) {
    const until = stale.nextUpdate ? ` to ${stale.nextUpdate.toISOString()}` : ''
    return { rule: 'staple-stale', detail: `it is good from ${stale.thisUpdate.toISOString()}${until}` }
  }
  if (answer.certificateStatus === 'unknown')
    return { rule: 'staple-unknown', detail: 'the responder answered unknown' }
  if (answer.certificateStatus === 'revoked' && answer.revokedAt! < at) {
    return { rule: 'staple-revoked', detail: `revoked ${answer.revokedAt!.toISOString()}` }
  }
  return null
}

/** Android asks with SHA-1 identifiers and recognises no others (CertId). The last of equal answers counts. */
function answerFor(basic: BasicOcspResponse, leaf: Certificate, issuer: Certificate): OcspAnswer | undefined {
  const nameHash = createHash('sha1').update(issuer.subject.der).digest('hex')
  const keyHash = keyHashOf(issuer.publicKey)
  return basic.answers.findLast(
    (answer) =>
      answer.hashAlgorithm === sha1Oid &&
      answer.issuerNameHash === nameHash &&
      answer.issuerKeyHash === keyHash &&
      answer.serialNumber === leaf.serialNumber,
  )
}

const lastAnswers = ({ answers }: BasicOcspResponse): OcspAnswer[] => {
  const idOf = ({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: OcspAnswer): string =>
    [hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber].join()
  return [...new Map(answers.map((answer) => [idOf(answer), answer])).values()]
}

function missingAnswer({ answers }: BasicOcspResponse): string {
  const foreign = answers.find(({ hashAlgorithm }) => hashAlgorithm !== sha1Oid)
  return foreign
    ? 'it names the certificate by another hash than SHA-1, which Android does not look up'
    : 'it answers for another certificate'
}

/** SHA-1 of the key's bits, as responders and certificate identifiers name keys. */
function keyHashOf(key: PublicKey): string {
  const bits = childrenOf(onlyElement(key.spki))[1]!
  return createHash('sha1').update(contentOf(bits).subarray(1)).digest('hex')
}

/** RFC 6960 §4.2.2.2: signed by the issuer, or by a responder that the issuer certified for it. */
function signatureProblem(basic: BasicOcspResponse, issuer: Certificate, at: Date): string | null {
  const signer = [...basic.certificates, issuer].find((candidate) => isResponder(basic, candidate))
  if (!signer) return 'the signer is unknown'
  const isIssuer =
    sameName(signer.subject, issuer.subject) && signer.publicKey.spkiSha256 === issuer.publicKey.spkiSha256
  if (!isIssuer) {
    if (!sameName(signer.issuer, issuer.subject)) return 'the signer was not appointed by the issuer'
    if (!signer.extendedKeyUsage?.includes(ocspSigning))
      return 'the signer is not meant for signing OCSP responses'
    if (validityProblem(signer, at)) return 'the signer is not valid now'
    const { signatureAlgorithm: oid, signatureParameters: parameters, tbs: signed, signature } = signer
    if (!verifySigned({ oid, parameters, signed, signature }, issuer.publicKey))
      return 'the issuer did not sign the signer'
  }
  const { signatureAlgorithm: oid, signatureParameters: parameters, signed, signature } = basic
  // OCSPResponse asks for the algorithm by name and hands no parameters on, without which PSS cannot be verified.
  if (oid === rsassaPss) return 'it is signed with RSASSA-PSS, which Android cannot verify in a response'
  return verifySigned({ oid, parameters, signed, signature }, signer.publicKey)
    ? null
    : 'the signature does not match'
}

function isResponder(
  { responderName, responderKeyHash }: BasicOcspResponse,
  candidate: Certificate,
): boolean {
  if (responderName) return sameName(candidate.subject, responderName)
  return (
    responderKeyHash === candidate.subjectKeyIdentifier || responderKeyHash === keyHashOf(candidate.publicKey)
  )
}
