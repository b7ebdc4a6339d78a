/**
 * Writes src/android/transparency-data.json: the Certificate Transparency logs that browsers accept, with operator and
 * state, read from the table compiled into a published Firefox (security/ct, kCTLogList and kCTLogOperatorList). No
 * package carries Google's own list; Mozilla takes its table from it. Needs apt-get and dpkg-deb of Debian 12.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const source = {
  name: 'firefox-esr',
  version: '153.7.0esr-1~deb12u1',
  architecture: 'amd64',
  sha256: '0917dc903c50983f9d8650308f2df2daccc5d8caa95b74c5bf0609338e7cf85c',
}

interface Log {
  readonly operator: string
  readonly name: string
  readonly retired: boolean
  /** When the log came into its state. */
  readonly since: number
  readonly id: string
}

const logs = readLogs(libraryOf())
const operators = [...new Set(logs.map(({ operator }) => operator))].map((name) => ({
  name,
  logs: logs
    .filter(({ operator }) => operator === name)
    .map(({ id, name, retired, since }) => (retired ? { id, name, retiredAt: dateOf(since) } : { id, name })),
}))
const data = {
  source: `${source.name} ${source.version}`,
  newestChange: dateOf(Math.max(...logs.map(({ since }) => since))),
  operators,
}
writeFileSync(
  new URL('../../src/android/transparency-data.json', import.meta.url),
  `${JSON.stringify(data, null, 2)}\n`,
)
console.log(`${logs.length} logs of ${operators.length} operators`)

function dateOf(timestampMs: number): string {
  return new Date(timestampMs).toISOString().slice(0, 10)
}

function libraryOf(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'transparency-logs-'))
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    run('apt-get', 'download', `${source.name}:${source.architecture}=${source.version}`)
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.deb'))!)
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
    if (sha256 !== source.sha256) throw new Error(`expected SHA-256 ${source.sha256}, got ${sha256}`)
    run('dpkg-deb', '-x', file, join(folder, 'unpacked'))
    return readFileSync(join(folder, 'unpacked/usr/lib/firefox-esr/libxul.so'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * The table has no symbol. Its rows are known by what they must hold: pointers to a text and to a public key of the
 * length given beside it. The operators' table follows, names numbered from 0. The build uses relative relocations with
 * the address in place (SHT_RELR), so pointers can be read from the file.
 */
function readLogs(library: Buffer): Log[] {
  const sections = sectionsOf(library)
  const texts = sections.get('.rodata')!
  const table = sections.get('.data.rel.ro')!
  const word = (at: number): number => Number(library.readBigUInt64LE(table.offset + at))
  const bytesAt = (address: number): number | null =>
    address >= texts.address && address < texts.address + texts.size
      ? address - texts.address + texts.offset
      : null
  const textAt = (address: number): string | null => {
    const start = bytesAt(address)
    return start === null ? null : library.toString('utf8', start, library.indexOf(0, start))
  }

  const rowBytes = 48
  const keyAt = (at: number): Buffer | null => {
    const length = word(at + 40)
    const start = bytesAt(word(at + 32))
    if (start === null || length < 80 || length > 600) return null
    const key = library.subarray(start, start + length)
    // SubjectPublicKeyInfo of a P-256 or an RSA key: exactly as long as it says.
    const isWhole =
      key[0] === 0x30 && (key[1] === length - 2 || (key[1] === 0x82 && key.readUInt16BE(2) === length - 4))
    return isWhole && textAt(word(at)) !== null ? key : null
  }
  let first = 0
  while (first + rowBytes <= table.size && !keyAt(first)) first += 8
  let end = first
  while (keyAt(end)) end += rowBytes

  const operators: string[] = []
  for (let at = end; word(at + 8) === operators.length; at += 16) {
    const name = textAt(word(at))
    if (name === null) break
    operators.push(name)
  }
  const found: Log[] = []
  for (let at = first; at < end; at += rowBytes) {
    const operator = operators[word(at + 24)]
    const state = library.readUInt32LE(table.offset + at + 8)
    if (operator === undefined || state > 1) throw new Error('the table of logs is not laid out as expected')
    const id = createHash('sha256').update(keyAt(at)!).digest('base64')
    found.push({ operator, name: textAt(word(at))!, retired: state === 1, since: word(at + 16), id })
  }
  // Forty is fewer than browsers have accepted at any time since 2018.
  if (found.length < 40 || operators.length < 5) throw new Error('the table of logs was not found')
  return found
}

/** Section headers of a 64-bit little-endian ELF file. */
function sectionsOf(file: Buffer): Map<string, { address: number; offset: number; size: number }> {
  const headers = Number(file.readBigUInt64LE(0x28))
  const header = (index: number) => {
    const at = headers + index * file.readUInt16LE(0x3a)
    return {
      name: file.readUInt32LE(at),
      address: Number(file.readBigUInt64LE(at + 16)),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
    }
  }
  const names = header(file.readUInt16LE(0x3e)).offset
  return new Map(
    Array.from({ length: file.readUInt16LE(0x3c) }, (_, index) => {
      const { name, ...section } = header(index)
      return [file.toString('latin1', names + name, file.indexOf(0, names + name)), section]
    }),
  )
}
