import { readCertificates } from '../containers/bundle.js'
import type { FetchOutcome, Network } from '../network/network.js'
import type { Certificate } from '../x509/certificate.js'

/** URLs asked in one run. A path has at most a few issuers with one or two URLs each. */
const maxFetches = 32

export interface FetchedIssuer {
  readonly certificate: Certificate
  readonly url: string
}

/** What one URL came to: `problem` says why a fetched body holds nothing of its purpose. */
export interface AskedUrl {
  readonly url: string
  readonly purpose: 'aia' | 'crl'
  readonly outcome: FetchOutcome
  readonly certificates: readonly Certificate[]
  readonly problem: string | null
}

/** Certificates named by caIssuers URLs (RFC 5280 §4.2.2.1); answers are kept, so each URL is asked once in a run. */
export class IssuerSource {
  readonly #asked = new Map<string, Promise<AskedUrl>>()

  constructor(readonly network: Pick<Network, 'fetch'>) {}

  /** Every URL of one certificate, one after the other. Never rejects. */
  async fetch(urls: readonly string[]): Promise<readonly FetchedIssuer[]> {
    const found: FetchedIssuer[] = []
    for (const url of new Set(urls)) {
      const { certificates } = await this.#ask(url)
      found.push(...certificates.map((certificate) => ({ certificate, url })))
    }
    return found
  }

  /** Everything asked so far, in order. */
  asked(): Promise<readonly AskedUrl[]> {
    return Promise.all(this.#asked.values())
  }

  #ask(url: string): Promise<AskedUrl> {
    let answer = this.#asked.get(url)
    if (!answer) {
      answer =
        this.#asked.size < maxFetches
          ? this.#download(url)
          : Promise.resolve({
              url,
              purpose: 'aia',
              outcome: { kind: 'too-many-fetches', maximum: maxFetches, redirects: [] },
              certificates: [],
              problem: null,
            })
      this.#asked.set(url, answer)
    }
    return answer
  }

  async #download(url: string): Promise<AskedUrl> {
    const outcome = await this.network.fetch({ url, purpose: 'aia' })
    const common = { url, purpose: 'aia', outcome } as const
    if (outcome.kind !== 'fetched') return { ...common, certificates: [], problem: null }
    // No PKCS #12: its key derivation would let whoever answers decide how long we work.
    const { certificates, problems } = await readCertificates(outcome.body, { from: 'stranger' })
    const problem = certificates.length > 0 ? null : (problems[0]?.message ?? 'no certificate in it')
    return { ...common, certificates, problem }
  }
}
