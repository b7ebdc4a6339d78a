import { fetchOutcomeText } from '../network/fetch-outcome.js'
import type { FetchOutcome, Network } from '../network/network.js'
import type { Certificate } from '../x509/certificate.js'
import { parseRevocationList, type RevocationList, revocationAddresses } from '../x509/crl.js'
import { sameName } from '../x509/name-match.js'
import { verifySigned } from '../x509/signature.js'
import type { AskedUrl } from './issuers.js'

/** Lists asked in one run: a chain lacks at most a few certificates, and each names one list or two. */
const maxLists = 16

/** What its authority's list says of a certificate that might be proposed. */
export type Revocation =
  | { readonly kind: 'good'; readonly url: string; readonly asOf: Date }
  | { readonly kind: 'revoked'; readonly url: string; readonly asOf: Date; readonly since: Date }
  /** Asked in vain, or with an answer that proves nothing; why. Without an address nobody could ask. */
  | { readonly kind: 'unknown'; readonly url: string | null; readonly why: string }

/** What one list's address came to; `problem` says why a fetched body is none. */
interface AskedList extends AskedUrl {
  readonly list: RevocationList | null
}

/**
 * Lists of revoked certificates (RFC 5280 §5), asked for those that a repair would bring to a server and for no others:
 * Android asks none, and what a server sends already is its authority's business. Each address is asked once in a run.
 */
export class RevocationSource {
  readonly #asked = new Map<string, Promise<AskedList>>()

  constructor(
    readonly network: Pick<Network, 'fetch'>,
    readonly offline: boolean,
    readonly at: Date,
  ) {}

  /** Asks ahead, so that the answer is there when it is wanted; waits for nothing. */
  begin(certificate: Certificate): void {
    const [url] = addressesOf(certificate) ?? []
    if (url !== undefined && !this.offline) void this.#ask(url)
  }

  /**
   * Null: the certificate names no list. `issuers`: whose key may have signed it; proven to have issued the certificate.
   * The first list that can be relied upon is taken. Never rejects.
   */
  async of(certificate: Certificate, issuers: readonly Certificate[]): Promise<Revocation | null> {
    const urls = addressesOf(certificate)
    if (urls === null) return null
    if (urls.length === 0)
      return { kind: 'unknown', url: null, why: 'it names no list that is to be had over http' }
    if (this.offline) return { kind: 'unknown', url: urls[0]!, why: 'not asked: --offline' }
    let said: Revocation | null = null
    for (const url of urls) {
      const answer = this.#judge(certificate, issuers, urls, await this.#ask(url))
      if (answer.kind !== 'unknown') return answer
      said ??= answer
    }
    return said
  }

  /** Everything asked so far, in order. */
  asked(): Promise<readonly AskedUrl[]> {
    return Promise.all(this.#asked.values())
  }

  #judge(
    certificate: Certificate,
    issuers: readonly Certificate[],
    urls: readonly string[],
    { url, outcome, list, problem }: AskedList,
  ): Revocation {
    const unknown = (why: string): Revocation => ({ kind: 'unknown', url, why })
    if (!list) return unknown(fetchOutcomeText(outcome, null, problem))
    if (!sameName(list.issuer, certificate.issuer)) return unknown('the list is another authority’s')
    const { signatureAlgorithm: oid, signatureParameters: parameters, signed, signature } = list
    const signers = issuers.filter(({ keyUsage }) => keyUsage === null || keyUsage.has('cRLSign'))
    if (issuers.length === 0) return unknown('the issuer, whose key proves the list, is not at hand')
    if (!signers.some(({ publicKey }) => verifySigned({ oid, parameters, signed, signature }, publicKey)))
      return unknown('the list is not signed by the issuer')
    const { addresses, authorities, indirect, delta, unknown: oids } = list.scope
    // On the way anybody may put another part of the issuer's lists in this one's place.
    const isOther = addresses !== null && !addresses.some((address) => urls.includes(address))
    if (isOther || !authorities || indirect || delta || oids.length > 0)
      return unknown('the list does not speak of such certificates')
    const since = list.revoked.get(certificate.serialNumber)
    if (since) return { kind: 'revoked', url, since, asOf: list.thisUpdate }
    if (list.nextUpdate !== null && list.nextUpdate < this.at)
      return unknown(`the list ran out on ${list.nextUpdate.toISOString().slice(0, 10)}`)
    return { kind: 'good', url, asOf: list.thisUpdate }
  }

  #ask(url: string): Promise<AskedList> {
    let answer = this.#asked.get(url)
    if (!answer) {
      answer = this.#download(url, this.#asked.size < maxLists)
      this.#asked.set(url, answer)
    }
    return answer
  }

  async #download(url: string, isAllowed: boolean): Promise<AskedList> {
    const outcome: FetchOutcome = isAllowed
      ? await this.network.fetch({ url, purpose: 'crl' })
      : { kind: 'too-many-fetches', maximum: maxLists, redirects: [] }
    const common = { url, purpose: 'crl', outcome, certificates: [] } as const
    if (outcome.kind !== 'fetched') return { ...common, list: null, problem: null }
    const parsed = parseRevocationList(outcome.body)
    return parsed.ok
      ? { ...common, list: parsed.list, problem: null }
      : { ...common, list: null, problem: parsed.message }
  }
}

/** Over http only: a list is signed, and to verify a TLS server for it would ask for one more list (RFC 5280 §8). */
const addressesOf = (certificate: Certificate): readonly string[] | null =>
  revocationAddresses(certificate)?.filter((url) => /^http:/i.test(url)) ?? null
