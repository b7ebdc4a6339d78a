import type { Certificate } from '../x509/certificate.js'
import {
  childrenOf,
  contentOf,
  DerError,
  type Element,
  expectTag,
  hexOf,
  oidOf,
  onlyElement,
  tags,
} from '../x509/der.js'
import data from './transparency-data.json' with { type: 'json' }

/**
 * Certificate Transparency as apps that target API 37 have it by default (conscrypt PolicyImpl, android.googlesource
 * frameworks NetworkSecurityConfig). Counted here: timestamps, logs and operators. The signatures of timestamps are not
 * verified, so "enough" means that the server presents enough, not that a log would stand by each.
 */

/** A signed certificate timestamp (RFC 6962 §3.2), without its signature. */
export interface SignedTimestamp {
  /** SHA-256 of the log's key, base64. */
  readonly logId: string
  readonly timestamp: Date
}

/** What one way of delivery amounts to. Retired logs count only for timestamps from before. */
export interface TransparencyCount {
  readonly delivery: 'embedded' | 'handshake'
  /** Different logs known here, and their different operators. */
  readonly logs: number
  readonly operators: readonly string[]
  /** Different logs that are not in the list; their operators are unknown. */
  readonly unknownLogs: number
  readonly logsNeeded: number
  readonly operatorsNeeded: number
}

export type TransparencyVerdict =
  | { readonly kind: 'enough'; readonly counts: readonly TransparencyCount[] }
  | { readonly kind: 'too-few'; readonly counts: readonly TransparencyCount[] }
  /** Logs that the list does not have would decide. */
  | { readonly kind: 'cannot-tell'; readonly counts: readonly TransparencyCount[] }

export interface LogData {
  /** Where and when the list of logs was read. `newestChange` is the last change in it, `YYYY-MM-DD`. */
  readonly source: string
  readonly newestChange: string
  readonly operators: readonly {
    readonly name: string
    readonly logs: readonly { readonly id: string; readonly name: string; readonly retiredAt?: string }[]
  }[]
}

export let logList: LogData
let knownLogs: ReadonlyMap<string, KnownLog>

/** For `useTrustData` only. */
export function useLogs(newer: LogData): void {
  logList = newer
  knownLogs = new Map(
    newer.operators.flatMap(({ name: operator, logs }) =>
      logs.map(({ id, retiredAt }): [string, KnownLog] => [
        id,
        { operator, retiredAt: retiredAt === undefined ? null : new Date(retiredAt) },
      ]),
    ),
  )
}
useLogs(data as LogData)

/**
 * Judges what a server presents for its leaf: timestamps in the certificate, or in the handshake and the staple
 * together. Either way alone must satisfy the policy. Bytes that cannot be read count as no timestamps.
 */
export function judgeTransparency(presented: {
  readonly leaf: Certificate
  /** From the handshake (RFC 6962 §3.3.1), and the staple; null: none. */
  readonly signedCertificateTimestamps: Uint8Array | null
  readonly stapledOcsp: Uint8Array | null
  readonly at: Date
}): TransparencyVerdict {
  const { leaf, at } = presented
  const inHandshake = [
    ...readTimestampList(presented.signedCertificateTimestamps ?? new Uint8Array()),
    ...timestampsOfStaple(presented.stapledOcsp ?? new Uint8Array(), leaf),
  ]
  const lifetimeDays = (leaf.notAfter.getTime() - leaf.notBefore.getTime()) / 86_400_000
  const judged = [
    judgeDelivery('embedded', embeddedTimestamps(leaf), lifetimeDays <= 180 ? 2 : 3, at),
    judgeDelivery('handshake', inHandshake, 2, at),
  ]
  const counts = judged.map(({ count }) => count)
  if (judged.some(({ enough }) => enough)) return { kind: 'enough', counts }
  return { kind: judged.some(({ possible }) => possible) ? 'cannot-tell' : 'too-few', counts }
}

const operatorsNeeded = 2

function judgeDelivery(
  delivery: TransparencyCount['delivery'],
  timestamps: readonly SignedTimestamp[],
  logsNeeded: number,
  at: Date,
): { count: TransparencyCount; enough: boolean; possible: boolean } {
  // RFC 6962 §3.3: a timestamp in the future is to be rejected.
  const past = timestamps.filter(({ timestamp }) => timestamp <= at)
  const unknown = new Set(past.map(({ logId }) => logId).filter((id) => !knownLogs.has(id))).size
  // In the certificate one log must still be accepted today; in the handshake every log that counts must be.
  const isCurrent = ({ retiredAt }: KnownLog): boolean => retiredAt === null || retiredAt > at
  const logs = new Set(
    past.flatMap(({ logId, timestamp }) => {
      const log = knownLogs.get(logId)
      if (!log) return []
      const wasAccepted = log.retiredAt === null || timestamp < log.retiredAt
      return (delivery === 'embedded' ? wasAccepted : isCurrent(log)) ? [log] : []
    }),
  )
  const operators = [...new Set([...logs].map(({ operator }) => operator))].sort()
  return {
    count: { delivery, logs: logs.size, operators, unknownLogs: unknown, logsNeeded, operatorsNeeded },
    enough: [...logs].some(isCurrent) && logs.size >= logsNeeded && operators.length >= operatorsNeeded,
    possible:
      unknown > 0 && logs.size + unknown >= logsNeeded && operators.length + unknown >= operatorsNeeded,
  }
}

/** Timestamps in the certificate (RFC 6962 §3.3): an OCTET STRING around the list. */
export function embeddedTimestamps(leaf: Certificate): readonly SignedTimestamp[] {
  const extension = leaf.extensions.find(({ oid }) => oid === '1.3.6.1.4.1.11129.2.4.2')
  if (!extension) return []
  return orNone(() => readTimestampList(contentOf(onlyElement(extension.value, tags.octetString))))
}

/** Timestamps in a stapled response (RFC 6962 §3.3), from the answers about `leaf`. */
export function timestampsOfStaple(staple: Uint8Array, leaf: Certificate): readonly SignedTimestamp[] {
  return orNone(() => {
    const [, responseBytes] = childrenOf(onlyElement(staple, tags.sequence))
    const [, basic] = childrenOf(only(responseBytes))
    const [signedPart] = childrenOf(
      onlyElement(contentOf(expectTag(given(basic), tags.octetString)), tags.sequence),
    )
    // After the optional version and the responder: when it was produced, then the answers (RFC 6960 §4.2.1).
    const responses = childrenOf(given(signedPart)).find(({ tag }) => tag === tags.sequence)
    return childrenOf(given(responses)).flatMap((response) => timestampsOfAnswer(response, leaf))
  })
}

function timestampsOfAnswer(response: Element, leaf: Certificate): readonly SignedTimestamp[] {
  const [certificateId, , ...rest] = childrenOf(response)
  const serialNumber = hexOf(contentOf(given(childrenOf(given(certificateId))[3])))
  const extensions = rest.find(({ tag }) => tag === 0xa1)
  if (serialNumber !== leaf.serialNumber || !extensions) return []
  return childrenOf(only(extensions)).flatMap((extension) => {
    const [id, ...values] = childrenOf(extension)
    if (oidOf(given(id)) !== '1.3.6.1.4.1.11129.2.4.5') return []
    const value = onlyElement(contentOf(expectTag(given(values.at(-1)), tags.octetString)), tags.octetString)
    return readTimestampList(contentOf(value))
  })
}

/**
 * A SignedCertificateTimestampList (RFC 6962 §3.3). Entries of another version or that cannot be read are skipped; a
 * list whose lengths do not add up has none. At most 65,535 bytes are looked at, as its length field allows no more.
 */
export function readTimestampList(bytes: Uint8Array): readonly SignedTimestamp[] {
  const list = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (list.length < 2 || list.readUInt16BE(0) !== list.length - 2) return []
  const found: SignedTimestamp[] = []
  for (let at = 2; at < list.length; ) {
    const end = at + 2 <= list.length ? at + 2 + list.readUInt16BE(at) : Number.POSITIVE_INFINITY
    if (end > list.length) return []
    const entry = list.subarray(at + 2, end)
    // Version 1 is encoded as 0; then the log's id, milliseconds since 1970, extensions, algorithm and signature.
    if (entry.length >= 1 + 32 + 8 + 2 && entry[0] === 0) {
      const timestamp = new Date(Number(entry.readBigUInt64BE(33)))
      if (!Number.isNaN(timestamp.getTime())) {
        found.push({ logId: entry.toString('base64', 1, 33), timestamp })
      }
    }
    at = end
  }
  return found
}

interface KnownLog {
  readonly operator: string
  readonly retiredAt: Date | null
}

function orNone(read: () => readonly SignedTimestamp[]): readonly SignedTimestamp[] {
  try {
    return read()
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

function given(element: Element | undefined): Element {
  if (!element) throw new DerError('an element is missing', 0)
  return element
}

/** What an explicitly tagged element holds. */
const only = (element: Element | undefined): Element => onlyElement(contentOf(given(element)), tags.sequence)
