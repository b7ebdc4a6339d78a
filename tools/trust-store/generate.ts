/**
 * Writes src/android/trust-store-data.ts and the tables of docs/reference/trust-stores.md from
 * root-store-membership.json (which root was in which release) and published packages (the certificates themselves).
 * The same inputs give the same bytes. `npm run trust-store -- --check` compares instead of writing.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseCertificate } from '../../src/x509/parse.js'
import { findCertificates } from './find-certificates.js'
import { filesOf } from './packages.js'
import { type Source, sources } from './sources.js'

interface Membership {
  readonly releases: readonly {
    readonly release: string
    readonly released: string
    readonly roots: number
    readonly source: string
  }[]
  /** Stores that came by a Play system update: those of release `like` with a difference. Oldest first. */
  readonly updates: readonly {
    readonly update: string
    readonly like: string
    readonly roots: number
    readonly adds: readonly string[]
    readonly removes: readonly string[]
    /** Releases that shipped with an older store and take the update. */
    readonly reaches: readonly string[]
    readonly source: string
  }[]
  readonly roots: readonly {
    readonly sha256: string
    readonly subject: string
    readonly spkiSha256: string
    readonly notBefore: string
    readonly notAfter: string
    readonly releases: readonly string[]
  }[]
}

const here = (path: string): URL => new URL(path, import.meta.url)
const dataFile = here('../../src/android/trust-store-data.ts')
const pageFile = here('../../docs/reference/trust-stores.md')

const membership: Membership = JSON.parse(readFileSync(here('root-store-membership.json'), 'utf8'))
const { certificates, given } = collect(membership.roots.map((root) => root.sha256))
const known = membership.roots.filter((root) => certificates.has(root.sha256))
const hashOnly = membership.roots.filter((root) => !certificates.has(root.sha256))

const page = readFileSync(pageFile, 'utf8')
const outputs = [
  { file: dataFile, text: dataText() },
  {
    file: pageFile,
    text: withTables(page, {
      sources: sourceTable(),
      releases: releaseTable(),
      updates: updateTable(),
      'hash-only': hashOnlyTable(),
    }),
  },
]
for (const { file, text } of outputs) {
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file.pathname} is not what the inputs give; run npm run trust-store`)
    process.exitCode = 1
  }
}
console.log(`${known.length} of ${membership.roots.length} roots as certificates`)

/** Asks the sources in order until every root is found; `given` counts what each one was needed for. */
function collect(roots: readonly string[]): {
  certificates: Map<string, Buffer>
  given: { source: Source; roots: number }[]
} {
  const wanted = new Set(roots)
  const certificates = new Map<string, Buffer>()
  const given: { source: Source; roots: number }[] = []
  const folder = mkdtempSync(join(tmpdir(), 'trust-store-'))
  try {
    for (const source of sources) {
      const before = certificates.size
      for (const file of filesOf(source, folder)) {
        for (const [sha256, der] of findCertificates(file, wanted)) {
          certificates.set(sha256, der)
          wanted.delete(sha256)
        }
      }
      given.push({ source, roots: certificates.size - before })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return { certificates, given }
}

function dataText(): string {
  const names = membership.releases.map(({ release }) => release)
  // The updates' bits stand above those of the releases.
  const mask = (root: Membership['roots'][number]): string =>
    [
      ...root.releases.map((release) => names.indexOf(release)),
      ...membership.updates.flatMap((update, i) => (isIn(root, update) ? [names.length + i] : [])),
    ]
      .reduce((bits, bit) => bits | (1 << bit), 0)
      .toString(16)
  const anchors = known.map((root) => {
    const der = certificates.get(root.sha256)!
    const parsed = parseCertificate(der)
    if (!parsed.ok) throw new Error(`${root.sha256}: ${parsed.problem.field}: ${parsed.problem.message}`)
    const { subject, publicKey } = parsed.certificate
    if (publicKey.spkiSha256 !== root.spkiSha256) throw new Error(`${root.sha256}: another key than recorded`)
    return [oldSubjectHash(subject.der), mask(root), root.sha256, root.spkiSha256, der.toString('base64')]
  })
  const nameless = hashOnly.map((root) => ({
    releases: mask(root),
    sha256: root.sha256,
    spkiSha256: root.spkiSha256,
    subject: root.subject,
    notBefore: root.notBefore,
    notAfter: root.notAfter,
  }))
  const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join(',\n')
  const stores = membership.releases.map(({ release, source }) => ({ release, source: sourceOf(source) }))
  const updates = membership.updates.map(({ update, reaches, source }) => ({ update, reaches, source }))
  // One root per line: a change of the store reads as a change of lines.
  const json = `{"stores":[\n${lines(stores)}],\n"updates":[\n${lines(updates)}],\n"anchors":[\n${lines(sorted(anchors))}],\n"hashOnly":[\n${lines(nameless)}]}`
  if (/[`]|\$\{/.test(json)) throw new Error('a subject would break out of the template literal')
  // Parsed from text and not written as an object: half a megabyte of literals costs every start of the program 10 ms.
  return `// Generated by tools/trust-store/generate.ts.\nexport default JSON.parse(String.raw\`${json}\`)\n`
}

function isIn(root: Membership['roots'][number], update: Membership['updates'][number]): boolean {
  return (
    update.adds.includes(root.sha256) ||
    (root.releases.includes(update.like) && !update.removes.includes(root.sha256))
  )
}

/** OpenSSL's X509_NAME_hash_old, the name of a root's file on a device: MD5 over the name, first four octets, little-endian. */
function oldSubjectHash(name: Uint8Array): string {
  return createHash('md5').update(name).digest().readUInt32LE(0).toString(16).padStart(8, '0')
}

function sorted(rows: string[][]): string[][] {
  return rows.sort((a, b) => (`${a[0]}${a[2]}` < `${b[0]}${b[2]}` ? -1 : 1))
}

/** The membership file shortens repeated sources to "same, tag …". */
function sourceOf(source: string): string {
  return source.replace(/^same/, 'AOSP platform/system/ca-certificates')
}

function sourceTable(): string {
  return tableOf(
    ['Registry', 'Package', 'Version', 'Roots taken', 'Adds', 'SHA-256 of the package'],
    given.map(({ source, roots }) => [
      source.registry,
      source.name,
      source.version,
      `${roots}`,
      source.adds,
      `\`${source.sha256}\``,
    ]),
  )
}

function releaseTable(): string {
  return tableOf(
    ['Android', 'Roots', 'As certificate', 'By hash only', 'Row from'],
    membership.releases.map(({ release, roots, source }) => {
      const missing = hashOnly.filter((root) => root.releases.includes(release)).length
      return [release, `${roots}`, `${roots - missing}`, `${missing}`, sourceOf(source)]
    }),
  )
}

function updateTable(): string {
  return tableOf(
    ['Update', 'Roots', 'Reaches Android', 'Row from'],
    membership.updates.map((update) => {
      const { reaches, source, roots } = update
      const counted = membership.roots.filter((root) => isIn(root, update)).length
      if (counted !== roots) throw new Error(`${update.update}: ${counted} roots, not ${roots}`)
      return [update.update, `${roots}`, reaches.join(', '), source]
    }),
  )
}

function hashOnlyTable(): string {
  if (hashOnly.length === 0) return 'None: every root of every release is carried.'
  return tableOf(
    ['Subject', 'Releases', 'notAfter', 'SHA-256'],
    hashOnly.map((root) => [
      root.subject.replaceAll('|', '\\|'),
      root.releases.join(', '),
      root.notAfter,
      `\`${root.sha256}\``,
    ]),
  )
}

/** A Markdown table as the formatter lays it out. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)))
  const lineOf = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [lineOf(head), lineOf(widths.map((width) => '-'.repeat(width))), ...rows.map(lineOf)].join('\n')
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function withTables(text: string, tables: Record<string, string>): string {
  for (const [name, table] of Object.entries(tables)) {
    const [before, rest] = text.split(`<!-- ${name} -->`)
    const after = rest?.split(`<!-- /${name} -->`)[1]
    if (after === undefined)
      throw new Error(`docs/reference/trust-stores.md: no place for the table "${name}"`)
    text = `${before}<!-- ${name} -->\n\n${table}\n\n<!-- /${name} -->${after}`
  }
  return text
}
