import type { TrustDataId } from '../android/data-in-use.js'
import { type Release, releases } from '../android/releases.js'
import { nameHash } from '../android/trust-anchors.js'
import { builtIn, dateOf, datesOf, type TrustData, useTrustData } from '../android/trust-data.js'
import { AdfsCheckFault } from '../fault.js'
import { Field, Wrong } from '../network/field.js'
import { sha256Of } from '../x509/identity.js'
import { parseCertificate } from '../x509/parse.js'

/** The data of 2026 is 0.6 MB; ten years of stores and a hundred times the catalogue stay below. */
export const maxTrustDataBytes = 16 * 1024 * 1024

/** Roots of all releases, rows of the catalogue and the like: more is no data of ours. */
const maxRows = 10_000

/** Releases and updates share the bits of one number. */
const maxBits = 31

export interface ReadTrustData {
  readonly data: TrustData
  readonly id: TrustDataId
  /** Releases that this program does not know: their stores are left out. */
  readonly unknownReleases: readonly string[]
}

/**
 * Reads what `npm run trust-data` wrote. Each field is checked, and each root against its own hash: whoever writes this
 * file decides what phones are said to trust, so that the report names its checksum.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE: not such a file, damaged, or older than what this program has
 */
export function readTrustData(bytes: Uint8Array, path: string): ReadTrustData {
  const bad = (problem: string, hint: string, cause?: unknown) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${problem}.`, { hint, cause })
  try {
    if (bytes.length > maxTrustDataBytes) throw new Wrong('', `has more than ${maxTrustDataBytes} bytes`)
    const root = new Field(JSON.parse(Buffer.from(bytes).toString('utf8')), '')
    const version = root.at('trustDataVersion').number()
    if (version !== 1)
      throw new Wrong('trustDataVersion', `is ${version}; this program reads 1. Use a newer adfs-check`)
    const order = root
      .at('stores')
      .at('stores')
      .each((store) => store.at('release').text())
    const data: TrustData = {
      supported: {
        from: root.at('supported').at('from').oneOf(releases),
        asOf: day(root.at('supported').at('asOf')),
        source: plain(root.at('supported').at('source')),
      },
      stores: storesOf(root.at('stores'), order),
      catalogue: catalogueOf(root.at('catalogue')),
      publicRoots: publicRootsOf(root.at('publicRoots')),
      logs: logsOf(root.at('logs')),
    }
    const [own, given] = [datesOf(builtIn), datesOf(data)]
    for (const part of Object.keys(own) as (keyof TrustData)[])
      if (given[part] < own[part])
        throw bad(
          `is older than this program: its "${part}" is of ${given[part] || 'no date'}, the program's own of ${own[part]}`,
          'Leave --trust-data out, or write the file anew (docs/reference/trust-stores.md).',
        )
    return {
      data,
      id: { sha256: sha256Of(bytes), date: dateOf(data) },
      unknownReleases: order.filter((name) => !releases.includes(name as Release)),
    }
  } catch (error) {
    const hint = 'It is written by "npm run trust-data" (docs/reference/trust-stores.md).'
    if (error instanceof Wrong) throw bad(`is no trust data of adfs-check: ${error.message}`, hint, error)
    if (error instanceof SyntaxError) throw bad('is no trust data of adfs-check: it is not JSON', hint, error)
    throw error
  }
}

/**
 * Reads it, and from here on this process goes by it.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE, ADFS_CHECK_BAD_OPTION where another file is in use
 */
export function goBy(bytes: Uint8Array, path: string): ReadTrustData {
  const read = readTrustData(bytes, path)
  useTrustData(read)
  return read
}

const rowsOf = <T>(field: Field, read: (row: Field) => T): T[] => {
  if (Array.isArray(field.value) && field.value.length > maxRows)
    throw new Wrong(field.path, `has more than ${maxRows} entries`)
  return field.each(read)
}
/** It is printed: nothing that a terminal would obey. */
const plain = (field: Field): string => field.matching(/^[^\p{C}]{1,1000}$/u, 'is no plain text')
const day = (field: Field): string => field.matching(/^\d{4}-\d\d-\d\d$/, 'is no day like 2027-01-31')
const sha256 = (field: Field): string => field.matching(/^[0-9a-f]{64}$/, 'is no SHA-256')
const keyId = (field: Field): string => field.matching(/^[0-9a-f]{2,128}$/, 'is no key identifier')
const web = (field: Field): string => field.matching(/^https?:\/\/[\x21-\x7e]{1,2000}$/, 'is no address')

/** A known release, and where its bit stands in the file. */
function storesOf(field: Field, order: readonly string[]): TrustData['stores'] {
  const updates = field.at('updates').each((row) => ({
    update: row.at('update').matching(/^\d{4}-\d\d$/, 'is no month like 2026-06'),
    reaches: row
      .at('reaches')
      .each((name) => name.text())
      .filter((name): name is Release => releases.includes(name as Release)),
    source: plain(row.at('source')),
  }))
  const missing = releases.filter((release) => !order.includes(release))
  if (missing.length > 0) throw new Wrong('stores.stores', `lacks Android ${missing.join(', ')}`)
  if (new Set(order).size !== order.length) throw new Wrong('stores.stores', 'names a release twice')
  if (order.length + updates.length > maxBits || releases.length + updates.length > maxBits)
    throw new Wrong('stores', `has more than ${maxBits} releases and updates`)
  // Bits of the file are in the order of its own releases; the program's come first here, the updates above them.
  const bits = [
    ...order.map((name) => releases.indexOf(name as Release)),
    ...updates.map((_, index) => releases.length + index),
  ]
  const mask = (row: Field): string => {
    const text = row.matching(/^[0-9a-f]{1,8}$/, 'is no set of releases')
    const given = Number.parseInt(text, 16)
    return bits
      .reduce((sum, to, from) => (to >= 0 && (given & (1 << from)) !== 0 ? sum | (1 << to) : sum), 0)
      .toString(16)
  }
  return {
    stores: field
      .at('stores')
      .each((row) => ({ release: row.at('release').text() as Release, source: plain(row.at('source')) }))
      .filter(({ release }) => releases.includes(release)),
    updates,
    anchors: rowsOf(field.at('anchors'), (row) => {
      const cells = row.each((cell) => cell)
      if (cells.length !== 5) throw new Wrong(row.path, 'has not five cells')
      const base64 = cells[4]!.matching(/^[A-Za-z0-9+/]+={0,2}$/, 'is no Base64')
      const parsed = parseCertificate(Buffer.from(base64, 'base64'))
      if (!parsed.ok) throw new Wrong(row.path, `is no certificate: ${parsed.problem.message}`)
      const { subject, publicKey, sha256: hash } = parsed.certificate
      if (hash !== cells[2]!.text() || publicKey.spkiSha256 !== cells[3]!.text())
        throw new Wrong(row.path, 'is another certificate than its hashes say')
      return [nameHash(subject), mask(cells[1]!), hash, publicKey.spkiSha256, base64] as const
    }),
    hashOnly: rowsOf(field.at('hashOnly'), (row) => ({
      releases: mask(row.at('releases')),
      sha256: sha256(row.at('sha256')),
      spkiSha256: sha256(row.at('spkiSha256')),
      subject: plain(row.at('subject')),
      notBefore: day(row.at('notBefore')),
      notAfter: day(row.at('notAfter')),
    })),
  }
}

function catalogueOf(field: Field): TrustData['catalogue'] {
  const listed = field.at('sources').value
  const names = typeof listed === 'object' && listed !== null ? Object.keys(listed) : []
  return {
    sources: Object.fromEntries(
      names.map((name) => {
        const row = field.at('sources').at(name)
        return [name, { source: plain(row.at('source')), read: day(row.at('read')) }]
      }),
    ),
    rows: rowsOf(field.at('rows'), (row) => ({
      subject: plain(row.at('subject')),
      keyIdentifier: row.at('keyIdentifier').orNull(keyId),
      sha256: row.at('sha256').orNull(sha256),
      issuer: plain(row.at('issuer')),
      issuerKeyIdentifier: row.at('issuerKeyIdentifier').orNull(keyId),
      leadsTo: row.at('leadsTo').orNull(sha256),
      notBefore: row.at('notBefore').orNull(day),
      notAfter: row.at('notAfter').orNull(day),
      state: row.at('state').oneOf(['current', 'revoked', 'superseded']),
      stateSince: row.at('stateSince').orNull(day),
      address: web(row.at('address')),
      source: row.at('source').oneOf(names),
    })),
  }
}

function publicRootsOf(field: Field): TrustData['publicRoots'] {
  const programme = (row: Field) => row.oneOf(['chrome', 'microsoft', 'mozilla'])
  return {
    sources: rowsOf(field.at('sources'), (row) => ({
      programme: programme(row.at('programme')),
      source: plain(row.at('source')),
      read: day(row.at('read')),
    })),
    chrome: rowsOf(field.at('chrome'), sha256),
    chromeOnly: rowsOf(field.at('chromeOnly'), (row) => {
      const base64 = row.matching(/^[A-Za-z0-9+/]+={0,2}$/, 'is no Base64')
      if (!parseCertificate(Buffer.from(base64, 'base64')).ok) throw new Wrong(row.path, 'is no certificate')
      return base64
    }),
    windows: rowsOf(field.at('windows'), sha256),
    roots: rowsOf(field.at('roots'), (row) => ({
      sha256: sha256(row.at('sha256')),
      spkiSha256: sha256(row.at('spkiSha256')),
      keyIdentifier: row.at('keyIdentifier').orNull(keyId),
      subject: plain(row.at('subject')),
      notAfter: day(row.at('notAfter')),
      in: row.at('in').each(programme),
    })),
  }
}

const logsOf = (field: Field): TrustData['logs'] => ({
  source: plain(field.at('source')),
  newestChange: day(field.at('newestChange')),
  operators: rowsOf(field.at('operators'), (row) => ({
    name: plain(row.at('name')),
    logs: rowsOf(row.at('logs'), (log) => {
      const retired = log.at('retiredAt').orNull((at) => at.date().toISOString())
      return {
        id: log.at('id').matching(/^[A-Za-z0-9+/]{43}=$/, 'is no id of a log'),
        name: plain(log.at('name')),
        ...(retired === null ? {} : { retiredAt: retired }),
      }
    }),
  })),
})
