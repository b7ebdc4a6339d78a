import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { version } from '../src/version.js'
import { breaches, importsOf, roomOf, type Sources, type Walls, withoutComments } from './support/walls.js'

/** The house's walls: who may know whom, and who may touch the machine. A new line here is a decision. */

const ground = ['x509', 'path', 'tls', 'android']
const walls: Walls = {
  roots: ['index.ts', 'check.ts', 'fault.ts', 'version.ts'],
  rooms: {
    // ground
    x509: [],
    path: ['x509'],
    tls: ['x509'],
    android: ['path', 'tls', 'x509'],
    // what a farm is
    farm: ['android', 'containers', 'gate', 'network', 'x509'],
    words: ['android', 'farm', 'x509'],
    containers: ['x509'],
    adfs: ['checks', 'examine', 'farm', 'gate', 'words', 'x509'],
    // the network
    network: ['containers', 'farm', 'gate', 'tls', 'x509'],
    'network/live': ['network', 'tls'],
    observe: ['android', 'examine', 'farm', 'network', 'tls', 'x509'],
    // the pure middle
    examine: [...ground, 'adfs', 'checks', 'containers', 'farm', 'gate', 'network'],
    checks: [...ground, 'adfs', 'examine', 'farm', 'gate', 'words'],
    report: [
      'adfs',
      'android',
      'checks',
      'containers',
      'examine',
      'farm',
      'gate',
      'network',
      'tls',
      'words',
      'x509',
    ],
    gate: ['android', 'checks', 'examine', 'farm', 'report', 'x509'],
    formats: ['adfs', 'android', 'gate', 'report', 'words'],
    kit: ['adfs', 'android', 'checks', 'containers', 'examine', 'farm', 'formats', 'words', 'x509'],
    // faces
    run: [
      '.',
      'adfs',
      'checks',
      'containers',
      'examine',
      'farm',
      'gate',
      'network',
      'network/live',
      'observe',
      'report',
      'x509',
    ],
    cli: [
      '.',
      'android',
      'containers',
      'demo',
      'examine',
      'farm',
      'formats',
      'gate',
      'kit',
      'network',
      'network/live',
      'run',
      'tls',
      'x509',
    ],
    // Keys are fixtures; what the demo's servers send is what Windows would.
    demo: ['..', 'adfs', 'x509'],
    '.': [
      'android',
      'containers',
      'examine',
      'farm',
      'formats',
      'gate',
      'network',
      'observe',
      'report',
      'run',
      'x509',
    ],
  },
  machineRooms: ['network/live', 'run', 'cli', 'demo'],
  outside: {
    'adfs/speech.ts': { 'node:crypto': ['createHash'] },
    'android/blocklist.ts': { 'node:crypto': ['createHash'] },
    'android/staple.ts': { 'node:crypto': ['createHash'] },
    'android/trust-anchors.ts': { 'node:crypto': ['createHash'] },
    // A private key is opened for as long as it is compared with its certificate.
    'containers/private-keys.ts': { 'node:crypto': ['createPrivateKey', 'KeyObject', 'X509Certificate'] },
    'containers/pkcs12.ts': { 'node:crypto': ['createHmac', 'timingSafeEqual'] },
    'farm/target.ts': { 'node:net': ['isIP'], 'node:url': ['domainToASCII', 'domainToUnicode'] },
    'formats/outcomes.ts': { 'node:crypto': ['createHash'] },
    'kit/files.ts': { 'node:crypto': ['createHash'] },
    // The script is a real file beside the code; a bundle holds it as text.
    'kit/script.ts': { 'node:fs': ['readFileSync'] },
    'kit/write.ts': {
      'node:crypto': ['createHash'],
      'node:fs/promises': ['lstat', 'mkdir', 'readdir', 'rename', 'rm', 'rmdir'],
      'node:path': ['dirname', 'join'],
    },
    'kit/lock.ts': {
      'node:crypto': ['randomBytes'],
      'node:fs/promises': ['link', 'lstat', 'open', 'rename', 'rm'],
      'node:os': ['hostname'],
      'node:path': ['join'],
      'node:timers/promises': ['setTimeout'],
    },
    'kit/safe-files.ts': {
      'node:crypto': ['randomBytes'],
      'node:fs': ['constants'],
      'node:fs/promises': ['lstat', 'mkdir', 'open', 'stat'],
      'node:path': ['basename', 'dirname', 'join', 'resolve', 'sep'],
      'node:timers/promises': ['setTimeout'],
    },
    'network/case.ts': { 'node:crypto': ['createHash'] },
    'network/redact.ts': { 'node:net': ['isIP'] },
    'tls/client-hello.ts': { 'node:net': ['isIP'] },
    // A hello's random, and the keys of one exchange, which nobody else sees.
    'tls/handshake.ts': { 'node:crypto': ['createHash', 'Hash', 'randomBytes'] },
    'tls/key-proof.ts': { 'node:crypto': ['constants', 'createPublicKey', 'KeyObject', 'verify'] },
    'tls/key-schedule.ts': {
      'node:crypto': [
        'CipherGCMTypes',
        'createCipheriv',
        'createDecipheriv',
        'createHash',
        'createHmac',
        'timingSafeEqual',
      ],
    },
    'tls/key-share.ts': {
      'node:crypto': ['createECDH', 'createPublicKey', 'diffieHellman', 'generateKeyPairSync'],
    },
    'x509/identity.ts': { 'node:crypto': ['createHash'] },
    'x509/parse.ts': { 'node:crypto': ['createHash'] },
    'x509/public-key.ts': { 'node:crypto': ['createHash'] },
    'x509/signature.ts': { 'node:crypto': ['constants', 'createPublicKey', 'KeyObject', 'verify'] },
  },
  packages: {
    asn1js: ['containers', 'demo'],
    pkijs: ['containers', 'demo'],
    'node-forge': ['containers'],
    undici: ['network/live'],
    commander: ['cli'],
    typebox: ['report'],
    yaml: ['farm'],
  },
  words: [
    {
      what: 'reads the clock',
      pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now/,
      // The demo issues for today; live/ measures how long it waits.
      in: ['run', 'cli/main.ts', 'demo/farm.ts', 'network/live'],
    },
    {
      what: 'sets a timer',
      pattern: /\bset(?:Timeout|Interval|Immediate)\(|AbortSignal\.timeout/,
      in: ['run', 'cli', 'demo', 'network/live', 'kit/lock.ts'],
    },
    // A lock says whose it is, and whether he still runs.
    { what: 'touches the process', pattern: /\bprocess\./, in: ['cli/main.ts', 'kit/lock.ts'] },
    {
      what: 'fetches',
      pattern: /\bawait fetch\(|\bglobalThis\b/,
      // What it is handed, not what Node has.
      in: ['network/live', 'examine/repair.ts'],
    },
    { what: 'chooses by chance', pattern: /Math\.random|randomUUID/, in: ['demo'] },
    {
      what: 'names what is typed on Windows',
      pattern:
        /\b(?:(?:Import|Export|Get|Set|New|Remove|Restart|Start|Stop|Update)-(?:Adfs|Certificate|PfxCertificate|Service|Item|WebApplicationProxy|ChildItem)\w*|netsh \w+ (?:add|delete|show|update)|certutil\b|certlm\.msc|adfssrv|appproxysvc|LocalMachine|Cert:\\)/i,
      in: ['adfs', 'kit/script.ts', 'kit/readme.ts'],
    },
    {
      what: 'escapes for a page or a terminal',
      pattern: /&lt;|&amp;|\\x1b\[|\\u\{\$|neutralise/,
      in: ['formats', 'kit', 'cli'],
    },
  ],
}

const root = join(import.meta.dirname, '../src')
const sources: Sources = new Map(
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')] as const
    }),
)

it('the house stands', () => {
  expect(sources.size).toBeGreaterThan(150)
  expect(breaches(sources, walls)).toEqual([])
})

it('no wall is left for a room or a file that is gone, and no leave that nobody uses', () => {
  const rooms = new Set([...sources.keys()].map(roomOf))
  expect(Object.keys(walls.rooms).filter((room) => !rooms.has(room))).toEqual([])
  const unused = Object.entries(walls.rooms).flatMap(([room, allowed]) =>
    allowed
      .filter((other) => {
        const [without, all] = [allowed.filter((one) => one !== other), walls.rooms]
        return breaches(sources, { ...walls, rooms: { ...all, [room]: without } }).length === 0
      })
      .map((other) => `${room} > ${other}`),
  )
  expect(unused).toEqual([])
  const idle = Object.entries(walls.outside).flatMap(([file, modules]) =>
    Object.entries(modules).flatMap(([module, names]) => {
      const taken = importsOf(sources.get(file) ?? '').flatMap((one) =>
        one.specifier === module ? one.names : [],
      )
      return names.filter((name) => !taken.includes(name)).map((name) => `${file}: ${module} ${name}`)
    }),
  )
  expect(idle).toEqual([])
})

it('no file has more than 300 lines without a reason in its head', () => {
  const long = [...sources].filter(([, code]) => code.split('\n').length > 301)
  const unexplained = long.filter(
    ([, code]) => !/\bOne\s+(?:\* )?file: |^\/\/ Generated/m.test(code.slice(0, 5_000)),
  )
  expect(unexplained.map(([file]) => file)).toEqual([])
  expect(sources.get('check.ts')!.split('\n').length).toBeLessThanOrEqual(70)
})

describe('what would be a breach is found', () => {
  it.each<[string, string, string, string]>([
    ['a file read in a pure room', 'checks/planted.ts', "import 'node:fs'", 'takes default of node:fs'],
    [
      'a name more of a module',
      'x509/identity.ts',
      "import { randomBytes } from 'node:crypto'",
      'takes randomBytes',
    ],
    [
      'a socket by stealth',
      'android/planted.ts',
      "const net = await import('node:net')",
      'takes dynamic of node:net',
    ],
    [
      'a type of a room above',
      'x509/planted.ts',
      "import type { Verdict } from '../android/verdict.js'",
      'imports android/verdict.ts',
    ],
    [
      'a type taken in passing',
      'x509/planted.ts',
      "type V = import('../android/verdict.js').Verdict",
      'imports android/verdict.ts',
    ],
    [
      'the live network in the pure middle',
      'examine/planted.ts',
      "export * from '../network/live/live.js'",
      'imports network/live/live.ts',
    ],
    [
      'a library for containers elsewhere',
      'x509/planted.ts',
      "import * as asn1js from 'asn1js'",
      'loads asn1js',
    ],
    ['a package nobody named', 'checks/planted.ts', "import lodash from 'lodash'", 'loads lodash'],
    ['the clock in a check', 'checks/planted.ts', 'const at = new Date()', 'reads the clock'],
    [
      'the environment in a format',
      'formats/planted.ts',
      'const { env } = process.versions && process.env',
      'touches the process',
    ],
    [
      'a cmdlet in a check',
      'checks/planted.ts',
      "const fix = 'Import-Certificate -FilePath x'",
      'names what is typed',
    ],
    [
      'a store in a format',
      'formats/planted.ts',
      'const store = `Cert:\\\\LocalMachine\\\\CA`',
      'names what is typed',
    ],
    [
      'markup in the report',
      'report/planted.ts',
      "const safe = text.replace('<', '&lt;')",
      'escapes for a page',
    ],
    ['a file at the root', 'planted.ts', '', 'does not belong at the root'],
    ['a room nobody planned', 'attic/planted.ts', '', 'room attic is not in the list'],
  ])('%s', (_what, file, code, breach) => {
    const planted = new Map([...sources, [file, `${sources.get(file) ?? ''}\n${code}\n`]])
    const before = breaches(sources, walls)
    const found = breaches(planted, walls).filter((line) => !before.includes(line))
    expect(found.length).toBeGreaterThan(0)
    expect(found.every((line) => line.startsWith(`${file}: `))).toBe(true)
    expect(found.join('\n')).toContain(breach)
  })

  it('a circle of types', () => {
    const planted = new Map([
      ['x509/a.ts', "import type { B } from './b.js'"],
      ['x509/b.ts', "import type { C } from './c.js'"],
      ['x509/c.ts', "export type { A } from './a.js'"],
    ])
    expect(breaches(planted, walls)).toEqual(['circle: x509/a.ts > x509/b.ts > x509/c.ts > x509/a.ts'])
  })

  it('what only comments say is none, and a URL is no comment', () => {
    expect(withoutComments("a // new Date()\n/* process. */ b 'http://x' // c")).toBe("a \n b 'http://x' ")
    expect(
      breaches(new Map([['checks/planted.ts', '/** Not `certutil`, no new Date(). */']]), walls),
    ).toEqual([])
  })
})

it('the version is that of the package', () => {
  const { version: packaged } = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8')) as {
    version: string
  }
  expect(version).toBe(packaged)
})
