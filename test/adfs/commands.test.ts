import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commandLine, environmentOf, optionsOf, shellLine } from '../../src/adfs/commands.js'
import type { Asked, GivenFile } from '../../src/farm/asked.js'
import { asked, farmOf, mint, read } from './farm.js'

const presented = [read(mint({ subject: 'sts.contoso.test' }))]
const machines = ['203.0.113.10', '203.0.113.11', '2001:db8::1'].map((address) => ({ address, presented }))
const { farm } = farmOf([...machines, { address: '203.0.113.12', port: 8443, presented }])
const pick = (...indexes: number[]) => indexes.map((index) => farm.subjects[index]!)
const file = (path: string): GivenFile => ({ path, certificates: [] })

describe('the arguments', () => {
  it.each<[string, Partial<Asked>, string]>([
    ['nothing but the target', {}, ''],
    ['the releases', { android: '7.0..12,15' }, '--android 7.0..12,15'],
    [
      'every file by its option',
      {
        trustAnchors: [file('r.pem')],
        deviceCas: [file('d.pem')],
        remembered: [file('m')],
        intermediates: [file('a'), file('b')],
      },
      '--trust-anchor r.pem --device-ca d.pem --remembered m --intermediates a --intermediates b',
    ],
    ['the file of their password', { passwordFile: 'p.txt' }, '--password-file p.txt'],
    ['where it may look', { offline: true, aiaAllowPrivate: true }, '--offline --aia-allow-private'],
    [
      'port, family, patience and repetition',
      { port: 8443, family: 6, timeoutMs: 1500, repeat: 20 },
      '--port 8443 -6 --timeout 1.5 --repeat 20',
    ],
    [
      'thresholds in both forms',
      { warn: { percent: 20, days: null }, crit: { percent: null, days: 30 } },
      '--warn 20% --crit 30d',
    ],
    ['a proxy', { proxy: 'http://proxy.contoso.test:3128' }, '--proxy http://proxy.contoso.test:3128'],
    [
      'a proxy with a secret by its variable only',
      { proxy: 'http://proxy.contoso.test:3128', proxyCredentials: true },
      '',
    ],
    ['that there is none', { proxy: 'none' }, '--no-proxy'],
  ])('repeat %s', (_what, some, expected) => {
    expect(optionsOf({ ...asked, ...some }).join(' ')).toBe(expected)
  })

  it('name the variable of a secret proxy', () => {
    expect(environmentOf({ ...asked, proxy: 'http://proxy:3128', proxyCredentials: true })).toEqual([
      'HTTPS_PROXY',
    ])
    expect(environmentOf({ ...asked, proxy: 'http://proxy:3128' })).toEqual([])
  })

  it.each<[string, Partial<Asked>, ReturnType<typeof pick> | null, string]>([
    ['one of several', {}, pick(1), 'sts.contoso.test --server 203.0.113.11'],
    ['a port of its own', {}, pick(3), 'sts.contoso.test --server 203.0.113.12:8443'],
    ['an IPv6 address', {}, pick(2), 'sts.contoso.test --server 2001:db8::1'],
    [
      'those named, where all are meant',
      { servers: ['wap01', 'wap02'] },
      pick(0, 1, 2, 3),
      'sts.contoso.test --server wap01 --server wap02',
    ],
    [
      'those named, where no server was found',
      { servers: ['wap01'] },
      null,
      'sts.contoso.test --server wap01',
    ],
  ])('name %s', (_what, some, subjects, expected) => {
    expect(commandLine(farm, { ...asked, ...some }, { subjects }).join(' ')).toBe(expected)
  })

  it('leave many to DNS where all are meant and none was named', () => {
    const many = farmOf(Array.from({ length: 20 }, (_, n) => ({ address: `203.0.113.${n}`, presented }))).farm
    expect(commandLine(many, asked, { subjects: many.subjects })).toEqual(['sts.contoso.test'])
    expect(commandLine(many, asked, { subjects: many.subjects.slice(0, 9) })).toHaveLength(1 + 2 * 9)
  })

  it('repeat the clock for a kit and never to check again', () => {
    const past = { ...asked, at: new Date('2026-01-02T03:04:05Z') }
    expect(commandLine(farm, past, { subjects: pick(0) })).not.toContain('--at')
    expect(commandLine(farm, past, { subjects: pick(0), kit: 'fix' }).slice(-4)).toEqual([
      '--at',
      '2026-01-02T03:04:05Z',
      '--kit',
      'fix',
    ])
  })

  it('name no server where the target is the one address', () => {
    const single = { ...farm, name: null, address: '203.0.113.10', subjects: pick(0) }
    expect(commandLine(single, { ...asked, target: '203.0.113.10' }, { subjects: single.subjects })).toEqual([
      '203.0.113.10',
    ])
  })
})

/** Words that each shell has been known to take apart. */
const anywhere = [
  'sts.contoso.test',
  'sts.contoso.test:8443',
  '2001:db8::1',
  '[2001:db8::1]:8443',
  '7.0..12,15',
  '8.0',
  '0.5',
  '2.50',
  '12L',
  '30d',
  '1e5',
  '0x10',
  '10kb',
  '007',
  '..9',
  '443',
  '-4',
  '-x.y',
  '20%',
  'C:\\certs\\ca 1.pem',
  "it's here.pem",
  'a&b|c<d>e^f',
  '(x);{y}',
  '~/ca.pem',
  '@file',
  '#x',
  '*.pem',
  '?',
  'M\u00fcnchen.pem',
]
const powershellOnly = [
  '$HOME',
  'a`b',
  'say "x"',
  'hey!',
  '%PATH%',
  'C:\\dir\\',
  '\\\\server\\share',
  '\u201cx\u201d',
  "$it's\u2019",
  'a\nb',
  'x\u202ey',
]

describe('one line', () => {
  it.each([
    [['sts.contoso.test', '--android', '10..'], 'adfs-check sts.contoso.test --android 10..'],
    [['sts.contoso.test', '--android', '7.0..12,15'], 'adfs-check sts.contoso.test --android "7.0..12,15"'],
    [['x', '--warn', '20%'], 'adfs-check x --warn 20%'],
    [['x', '--server', '203.0.113.11:8443'], 'adfs-check x --server 203.0.113.11:8443'],
    [['x', '--android', '12L'], 'adfs-check x --android "12L"'],
    [['x', '--intermediates', 'a$b c'], "adfs-check x --intermediates 'a$b c'"],
    [['x', '--intermediates', "it's $1"], "adfs-check x --intermediates 'it''s $1'"],
  ])('%j', (argv, line) => {
    expect(shellLine(argv).line).toBe(line)
  })

  it.each(anywhere)('%s is one word in sh, cmd and PowerShell', (word) => {
    const argv = ['first', word, 'last']
    const { line, shells } = shellLine(argv)
    expect(shells).toBe('all')
    expect(bySh(line)).toEqual(argv)
    expect(byCmd(line)).toEqual(argv)
    expect(byPowershell(line)).toEqual(argv)
  })

  it.each(powershellOnly)('%j is written for PowerShell, and that is said', (word) => {
    const argv = ['first', word, 'last']
    const { line, shells } = shellLine(argv)
    expect(shells).toBe('powershell')
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(byPowershell(line)).toEqual(argv)
  })

  it('two percent signs are what cmd takes for a variable', () => {
    expect(shellLine(['--warn', '20%', '--crit', '10%']).shells).toBe('powershell')
  })
})

/** The real shell; the program is one that prints its arguments, ended by NUL. */
function bySh(line: string): string[] {
  const script = `adfs_check() { for word; do printf '%s\\0' "$word"; done; }\n${line.replace('adfs-check', 'adfs_check')}\n`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', cwd: '/' }).split('\0').slice(0, -1)
}

/**
 * cmd.exe at its prompt, then the argument rules of Microsoft's C run time ("Parsing C command-line arguments"): `%NAME%`
 * is replaced everywhere, `& | < > ^ ( )` count outside double quotes; then backslashes count only before a double quote.
 */
function byCmd(line: string): string[] {
  if (/%[^%]+%/.test(line)) throw new Error('a variable')
  const words: string[] = []
  let word: string | null = null
  let quoted = false
  for (let i = 'adfs-check '.length; i < line.length; i++) {
    const c = line[i]!
    if (c === '\\' && /^\\+"/.test(line.slice(i))) throw new Error('an escaped quote')
    if (c === '"') {
      quoted = !quoted
      word ??= ''
    } else if (!quoted && c === ' ') {
      if (word !== null) words.push(word)
      word = null
    } else if (!quoted && /[&|<>^()]/.test(c)) throw new Error(`cmd takes ${c}`)
    else word = (word ?? '') + c
  }
  return word === null ? words : [...words, word]
}

/**
 * PowerShell in argument mode (about_Parsing, about_Quoting_Rules, about_Numeric_Literals): a comma outside quotes makes a
 * list, `$` and the backtick act outside single quotes, typographic quotes are quotes, and what reads as a number becomes
 * one, which a script that passes it on writes in its own way. Of expressions only ours: `('' + 'x' + [char]10)`. A native
 * program gets `\"` for a double quote (5.1).
 */
function byPowershell(line: string): string[] {
  const single = "'(?:[^'\u2018-\u201b]|''|\u2018\u2018|\u2019\u2019|\u201a\u201a|\u201b\u201b)*'"
  const token = new RegExp(
    `^(?: +)(?:(${single})|"([^"\u201c-\u201e]*)"|(\\((?:${single}|\\[char\\]\\d+| \\+ )+\\))|([^ '"]+))(?= |$)`,
  )
  const words: string[] = []
  const text = (literal: string) =>
    literal
      .slice(1, -1)
      .replace(/''|\u2018\u2018|\u2019\u2019|\u201a\u201a|\u201b\u201b/g, (pair) => pair[0]!)
      .replaceAll('\\"', '"')
  for (let rest = line.slice('adfs-check'.length); rest !== ''; ) {
    const match = token.exec(rest)
    if (!match) throw new Error(`PowerShell does not read ${rest}`)
    rest = rest.slice(match[0].length)
    const [, literal, double, expression, bare] = match
    if (literal !== undefined) words.push(text(literal))
    else if (double !== undefined) {
      if (/[$`]/.test(double)) throw new Error('an expansion')
      words.push(double)
    } else if (expression !== undefined) {
      const parts = expression.slice(1, -1).match(new RegExp(`${single}|\\[char\\]\\d+`, 'g'))!
      words.push(
        parts
          .map((part) => (part.startsWith('[') ? String.fromCharCode(Number(part.slice(6))) : text(part)))
          .join(''),
      )
    } else {
      if (/[$`,;(){}|&<>@#\u2018-\u201e]/.test(bare!)) throw new Error(`PowerShell takes ${bare} apart`)
      if (/^-[a-z].*[.:]/i.test(bare!)) throw new Error('5.1 splits it')
      const number = /^(-?)(\d+(?:\.\d*)?(?:e\d+)?|0x[\da-f]+)(d|l|u|s|n|y)?(kb|mb)?$/i.exec(bare!)
      words.push(number ? String(Number(number[2]) * (number[1] ? -1 : 1)) : bare!)
    }
  }
  return words
}
