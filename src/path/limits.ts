import type { Certificate, PublicKey } from '../x509/certificate.js'
import { childrenOf, contentOf, DerError, elementAt, onlyElement } from '../x509/der.js'
import { verifySignature } from '../x509/signature.js'

/** The input asks for more work than this program does for one verdict; the verdict is then not known. */
export class LimitReached extends Error {
  readonly limit: string
  constructor(limit: string) {
    super(limit)
    this.limit = limit
  }
}

/** Real trees have a dozen nodes; mapping n policies to n policies at each of d levels asks for n^d (CVE-2023-0464). */
export const maxPolicyNodes = 2_000

/** What one path search may cost. A chain of four certificates takes about ten steps and a millisecond of signatures. */
const maxSteps = 8_000
const maxSignatureMicros = 30_000

/** Names against subtrees; 100 KiB of certificates can hold 2500 of each (x509-limbo's nc-dos cases have 2048). */
const maxComparisons = 8_000_000

/**
 * Work allowed for one verdict, or for many: `verdicts` times as much, from which the budget of each single one takes
 * what it spends (`within`). Counted, not timed, so that the same input gives the same verdict on any machine. Methods
 * throw `LimitReached`.
 */
export class Budget {
  readonly #within: Budget | null
  readonly #maxSteps: number
  #steps: number
  #micros: number
  #comparisons: number
  readonly #verified = new Map<string, boolean>()

  constructor({ verdicts = 1, within }: { verdicts?: number; within?: Budget | undefined } = {}) {
    this.#within = within ?? null
    this.#maxSteps = this.#steps = verdicts * maxSteps
    this.#micros = verdicts * maxSignatureMicros
    this.#comparisons = verdicts * maxComparisons
  }

  /** Something was asked for that is not allowed any more. */
  get isSpent(): boolean {
    return this.#steps < 0 || this.#micros < 0 || this.#comparisons < 0
  }

  step(count = 1): void {
    this.#within?.step(count)
    this.#steps -= count
    if (this.#steps < 0) throw new LimitReached(`${this.#maxSteps} steps of path search`)
  }

  /** To be called before `count` comparisons of names or policies. */
  compare(count: number): void {
    this.#within?.compare(count)
    this.#comparisons -= count
    if (this.#comparisons < 0) throw new LimitReached(`${maxComparisons} comparisons of names`)
  }

  /** For a second search over the same certificates; signatures already paid for stay so. */
  renewSteps(): void {
    this.#steps = this.#maxSteps
  }

  /** `verifySignature`, paid for once per pair. */
  verify = (child: Certificate, issuer: Certificate): boolean => {
    const pair = `${child.sha256}${issuer.publicKey.spkiSha256}`
    let result = this.#verified.get(pair)
    if (result === undefined) {
      this.#micros -= verificationMicros(issuer.publicKey)
      if (this.#micros < 0) throw new LimitReached('the number of signatures to verify')
      result = this.#within ? this.#within.verify(child, issuer) : verifySignature(child, issuer)
      this.#verified.set(pair, result)
    }
    return result
  }
}

/** Roughly what one verification costs OpenSSL on a small machine; only the order of magnitude matters. */
function verificationMicros({ algorithm, bits, curve, spki }: PublicKey): number {
  const kilobits = (bits ?? 16_384) / 1024
  switch (algorithm) {
    case 'rsa':
    case 'rsa-pss':
      // Squarings grow with the exponent; up to 3072 bits OpenSSL accepts one as long as the modulus.
      return 8 * kilobits ** 2 * Math.max(1, exponentBits(spki) / 17)
    case 'dsa':
      return 200 * kilobits ** 2
    case 'ec':
      return curve === 'P-256' ? 100 : curve === 'explicit' ? 4_000 : 1_000
    default:
      return 200
  }
}

function exponentBits(spki: Uint8Array): number {
  try {
    const key = childrenOf(onlyElement(spki))[1]!
    const exponent = childrenOf(elementAt(spki, key.content + 1, key.end))[1]
    return exponent ? contentOf(exponent).length * 8 : 0
  } catch (error) {
    if (error instanceof DerError) return 0
    throw error
  }
}

export const anyPolicy = '2.5.29.32.0'
