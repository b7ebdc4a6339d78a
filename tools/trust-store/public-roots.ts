/**
 * Writes src/android/public-roots-data.json: the Chrome Root Store, and public roots that no Android release has, so
 * that a public name is not taken for a private one. Facts by hash from pinned packages; bytes only of roots that
 * Chrome has and no Android release. The same inputs give the same bytes; `--check` compares instead of writing.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import data from '../../src/android/trust-store-data.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { filesOf } from './packages.js'
import { programmes } from './sources.js'

interface Met {
  readonly der: Buffer
  /** The comment lines above it in the file. */
  readonly notes: string
}

const file = new URL('../../src/android/public-roots-data.json', import.meta.url)
const android = new Set((data.anchors as string[][]).map(([, , sha256]) => sha256!))
const folder = mkdtempSync(join(tmpdir(), 'public-roots-'))
const lists = new Map<string, Map<string, Met>>()
try {
  for (const { programme, source } of programmes) {
    const met = new Map<string, Met>()
    for (const bytes of filesOf(source, folder)) for (const [hash, one] of pemIn(bytes)) met.set(hash, one)
    if (met.size < 80) throw new Error(`${source.name}: only ${met.size} certificates`)
    lists.set(programme, met)
  }
} finally {
  rmSync(folder, { recursive: true })
}

const chrome = [...lists.get('chrome')!.keys()].sort()
const windows = [...lists.get('microsoft')!].filter(([, { notes }]) => isTrusted(notes)).map(([hash]) => hash)
const publicRoots = new Map(
  [...lists].flatMap(([programme, list]) =>
    [...list].filter(
      ([hash, { notes }]) => !android.has(hash) && (programme !== 'microsoft' || isForServers(notes)),
    ),
  ),
)
const text = JSON.stringify(
  {
    sources: programmes.map(({ programme, says, read, source }) => ({
      programme,
      source: `${says} (${source.registry} ${source.name} ${source.version})`,
      read,
    })),
    chrome,
    chromeOnly: chrome
      .filter((hash) => !android.has(hash))
      .map((hash) => lists.get('chrome')!.get(hash)!.der.toString('base64')),
    windows: windows.sort(),
    roots: [...publicRoots]
      .map(([hash, { der }]) => rowOf(hash, der))
      .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
  },
  null,
  1,
)
if (!process.argv.includes('--check')) writeFileSync(file, `${text}\n`)
// The formatter lays the file out anew, so the values are compared.
else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) !== JSON.stringify(JSON.parse(text))) {
  console.error(`${file.pathname} is not what the inputs give; run npm run public-roots`)
  process.exitCode = 1
}
console.log(
  `${chrome.length} roots of Chrome, ${windows.length} of Windows, ${publicRoots.size} that no Android has`,
)

function pemIn(bytes: Buffer): [string, Met][] {
  const blocks = bytes.toString('utf8').matchAll(/((?:^#.*\n)*)-----BEGIN CERTIFICATE-----([^-]+)-----END/gm)
  return [...blocks].map(([, notes, body]) => {
    const der = Buffer.from(body!, 'base64')
    return [createHash('sha256').update(der).digest('hex'), { der, notes: notes! }]
  })
}

function isForServers(notes: string): boolean {
  return /^# Extended key usages: .*'server_auth'/m.test(notes)
}

/**
 * Not distrusted, nor for certificates issued after some date, where that is said of servers or of everything:
 * Microsoft says so beside a root.
 */
function isTrusted(notes: string): boolean {
  const concernsServers = (kind: string) => {
    const usages = new RegExp(`^# ${kind} extended key usages: (.*)$`, 'm').exec(notes)?.[1]
    const isSaid = usages !== undefined || new RegExp(`^# ${kind} Filetime`, 'm').test(notes)
    return isSaid && (usages === undefined || usages.includes("'server_auth'"))
  }
  return isForServers(notes) && !concernsServers('Disallowed') && !concernsServers('Not before')
}

function rowOf(sha256: string, der: Buffer) {
  const parsed = parseCertificate(der)
  if (!parsed.ok) throw new Error(`${sha256}: ${parsed.problem.message}`)
  const { subject, subjectKeyIdentifier, publicKey, notAfter } = parsed.certificate
  return {
    sha256,
    spkiSha256: publicKey.spkiSha256,
    keyIdentifier: subjectKeyIdentifier,
    subject: subject.text,
    notAfter: notAfter.toISOString().slice(0, 10),
    in: [...lists]
      .filter(
        ([programme, list]) =>
          list.has(sha256) && (programme !== 'microsoft' || isTrusted(list.get(sha256)!.notes)),
      )
      .map(([programme]) => programme),
  }
}
