import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { run } from '../../src/cli/program.js'
import { issue } from '../../src/demo/authority.js'
import type { Report } from '../../src/report/schema.js'
import { rawServer } from '../support/odd-servers.js'
import { runCli } from '../support/run-cli.js'

/** Lists of targets: read as they come, told as they are done. */
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-lists-'))
const root = issue({ subject: 'Lists Root', ca: true })
const leaf = issue({ subject: 'localhost', issuer: root, names: ['localhost'] })
writeFileSync(join(folder, 'root.pem'), root.pem)
const server = createServer({ cert: leaf.pem, key: leaf.keyPem }, (socket) => socket.on('error', () => {}))
let port = 0
beforeAll(async () => {
  server.on('tlsClientError', () => {}).listen(0, '0.0.0.0')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function cli(args: readonly string[], machine: Partial<Machine> = {}, timeout = 3): Promise<Ran> {
  return runCli(
    [...args, '--offline', '--no-proxy', '--trust-anchor', join(folder, 'root.pem'), `--timeout=${timeout}`],
    { now: new Date(), ...machine },
  )
}

const input = (text: string | Uint8Array): Partial<Machine> => ({
  input: async function* () {
    yield Buffer.from(text as string)
  },
})
const file = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const here = (n: number) => `127.0.1.${n}:${port}`
const farmsIn = (ndjson: string): string[] =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { farm } = JSON.parse(line) as Report
      return `${farm.id}:${farm.ports[0]}`
    })

describe('a list', () => {
  it('has a target on each line, with comments, blank lines and CRLF; each is a farm and a line of its own', async () => {
    const text = `\ufeff# customers\r\n\r\nlocalhost:${port}  # the first\r\n\t${here(1)}\r\nhttps://localhost:${port}/adfs/ls#a\r\n[::ffff:127.0.1.2]:${port}`
    const { code, out, err } = await cli(['-', '--format', 'ndjson', '--ipv4-only'], input(text))
    expect(farmsIn(out).sort()).toEqual(
      [`127.0.1.1:${port}`, `::ffff:7f00:102:${port}`, `localhost:${port}`].sort(),
    )
    expect(err).toBe(
      `adfs-check: standard input:5: https://localhost:${port} is named already in standard input:3; it is checked once.\n`,
    )
    // Addresses the certificate does not name.
    expect(code).toBe(2)
  })

  it.each<[string, BufferEncoding, Uint8Array]>([
    ['UTF-16 as Windows PowerShell writes it', 'utf16le', Buffer.from([0xff, 0xfe])],
    ['UTF-8', 'utf8', Buffer.alloc(0)],
  ])('is read as %s, in pieces of one byte too', async (_what, encoding, mark) => {
    const bytes = Buffer.concat([mark, Buffer.from(`# Zürich\r\nlocalhost:${port}\r\n`, encoding)])
    const pieces = {
      input: async function* () {
        for (const byte of bytes) yield Uint8Array.of(byte)
      },
    }
    const { code, out, err } = await cli(['-', '-4'], pieces)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^localhost:\d+ {3}ok for/)
  })

  it('tells a bad line with its place, checks the others and ends with 3', async () => {
    const list = file('bad.txt', `localhost:${port}\nnot a name\n${'x'.repeat(5_000)}\nhost:99999\n`)
    const { code, out, err } = await cli(['--targets', list, '-4', '--format', 'ndjson'])
    expect(farmsIn(out)).toEqual([`localhost:${port}`])
    expect(code).toBe(3)
    expect(err).toContain(`${list}:2: "not a name" is not a host name.\n`)
    expect(err).toContain(`${list}:3: the line is too long to be a target.\n`)
    expect(err).toContain(`${list}:4: "host:99999" has the port "99999"`)
    expect(err.match(/Give the federation service name/g)).toHaveLength(1)
  })

  it.each([
    ['text', / \(exit 0\)[\s\S]*\n\nWith what was named and could not be checked: unknown \(exit 3\)\n$/],
    ['html', /<p>With what was named and could not be checked: [^<]+\.<\/p>\n<main>/],
    ['markdown', /\n\nWith what was named and could not be checked: \*\*unknown\*\*\n$/],
  ])('of which one farm is well and a line is none is not well: %s', async (format, last) => {
    const list = file('mixed.txt', `localhost:${port}\nnot a name\n`)
    const { code, out } = await cli(['--targets', list, '-4', '--format', format])
    expect(code).toBe(3)
    expect(out).toMatch(last)
    const two = file('two.txt', `localhost:${port}\nnot a name\n[::ffff:127.0.0.1]:1\n`)
    expect((await cli(['--targets', two, '-4', '--format', format])).out).toMatch(
      /All 2 names: .*unknown|<title>2 names: could not be checked/,
    )
    const sound = file('sound.txt', `localhost:${port}\n`)
    expect((await cli(['--targets', sound, '-4', '--format', format])).out).not.toContain('With what')
  })

  it('of which nothing can be checked is bad usage', async () => {
    const empty = file('empty.txt', '# nobody\n\n')
    expect(await cli(['--targets', empty])).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringContaining(`${empty} names no target.`),
    })
    expect((await cli(['--targets', empty, '--shard', '1/3'])).code).toBe(4)
    // Beside a target that is checked it is not passed over either.
    const beside = await cli(['localhost', `--port=${port}`, '-4', '--targets', empty])
    expect(beside).toMatchObject({ code: 3, err: expect.stringContaining(`${empty} names no target.`) })
    const torn = await cli(['-', '-4'], {
      input: async function* () {
        yield Buffer.from(`localhost:${port}\nlocal`)
        throw new Error('EIO')
      },
    })
    expect(torn).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^localhost:\d+ {3}ok for/),
      err: expect.stringContaining('standard input cannot be read beyond line 1.'),
    })
    expect((await cli(['-'], input('a b\nc d\n'))).code).toBe(4)
    expect((await cli(['--targets', join(folder, 'none.txt')])).code).toBe(4)
    expect((await cli(['--targets', folder])).err).toContain(`${folder} cannot be read.`)
    expect((await cli(['-', '--save', join(folder, 'case.json')], input('a.example'))).err).toContain(
      '--save keeps one target; a list is given.',
    )
  })

  it('a thousand bad lines are told up to a hundred, and counted', async () => {
    const { err } = await cli(
      ['-', '--format', 'ndjson', '-4'],
      input(`localhost:${port}\n${Array.from({ length: 1_000 }, (_, n) => `bad name ${n}`).join('\n')}`),
    )
    expect(err.match(/is not a host name/g)).toHaveLength(100)
    expect(err).toContain('900 further lines are no targets either.')
  })

  it('points where it names a farm, for formats that point at files', async () => {
    const list = file('places.txt', `\nlocalhost:${port}\n`)
    const args = ['--targets', list, '-4', '--at', '2040-01-01', '--format', 'sarif']
    const { runs } = JSON.parse((await cli(args)).out) as {
      runs: [{ results: { locations: [{ physicalLocation: { artifactLocation: { uri: string } } }] }[] }]
    }
    const places = runs[0].results.map(({ locations }) => locations[0].physicalLocation)
    expect(places.length).toBeGreaterThan(0)
    for (const place of places)
      expect(place).toMatchObject({
        artifactLocation: { uri: expect.stringContaining('places.txt') },
        region: { startLine: 2 },
      })
  })

  it('takes the options of farms from a policy', async () => {
    const config = file(
      'adfs-check.yaml',
      `farms:\n  - name: sts.contoso.example\n    servers: 127.0.0.1:${port}\n`,
    )
    const args = ['-', '--config', config, '--format', 'ndjson', '-4']
    const { out } = await cli(args, input(`sts.contoso.example\nlocalhost:${port}\n`))
    const reports = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Report)
    expect(reports.map(({ subjects }) => subjects.map(({ address }) => address))).toEqual([
      ['127.0.0.1'],
      ['127.0.0.1'],
    ])
  })
})

describe('40 endpoints, one of which hangs after it accepted', () => {
  /** Seconds: longer than the test. What hangs ends when the others were seen, not by the clock of a busy machine. */
  const hangs = 60
  /** Waits for the 39 others. */
  const seen = (output: { text: () => string }, pattern: RegExp) =>
    new Promise<void>((done) => {
      const look = setInterval(() => {
        if ((output.text().match(pattern) ?? []).length < 39) return
        clearInterval(look)
        done()
      }, 5)
    })
  const recorder = (isTTY: boolean) => {
    let text = ''
    return { isTTY, columns: 80, write: (more: string) => (text += more), text: () => text }
  }

  it.each([
    ['text', /^Result: /gm],
    ['ndjson', /^\{.*\n/gm],
    ['csv', /^127\.0\.\d+\.\d+,[a-z]+,127/gm],
  ] as const)('targets of their own: as %s the others are printed before it ends, and the run with it', async (format, pattern) => {
    const silent = await rawServer(() => {})
    const list = [`127.0.0.1:${silent.port}`, ...Array.from({ length: 39 }, (_, n) => here(n + 1))].join('\n')
    const out = recorder(false)
    const ended = cli(['-', '--format', format], { ...input(list), out }, hangs)
    await seen(out, pattern)
    expect(out.text()).not.toContain('127.0.0.1')
    await silent.close()
    expect((await ended).code).toBe(2)
    expect(out.text()).toContain('127.0.0.1')
    if (format === 'csv') expect(out.text().match(/^target,/gm)).toHaveLength(1)
  })

  it('of one farm: on a terminal the others are on standard error before it ends', async () => {
    const silent = await rawServer(() => {})
    const nodes = Array.from({ length: 39 }, (_, n) => `--server=${here(n + 1)}`)
    const err = recorder(true)
    const ended = cli(['localhost', `--server=127.0.0.1:${silent.port}`, ...nodes], { err }, hangs)
    await seen(err, /\[\d+\/40\] 127\.0\.1\.\d+/g)
    expect(err.text()).not.toContain('[40/40]')
    await silent.close()
    const { out } = await ended
    expect(err.text()).toContain(`[40/40] 127.0.0.1:${silent.port}`)
    expect(out).toContain('without an answer')
  })
})

it('a server that hangs ends by its time limit, and the run with it', async () => {
  const silent = await rawServer(() => {})
  const start = performance.now()
  const { code, out } = await cli(['-', '--format', 'csv'], input(`127.0.0.1:${silent.port}\n${here(1)}`), 3)
  await silent.close()
  expect([code, out.trim().split('\r\n').length]).toEqual([2, 3])
  expect(out).toContain('no answer')
  expect(performance.now() - start).toBeLessThan(15_000)
})

describe('a list that is still open', () => {
  it('is checked as far as it goes; Ctrl-C ends the run and says what was not read', async () => {
    const pipe = new PassThrough()
    const stop = new AbortController()
    let out = ''
    const ended = cli(['-', '--format', 'ndjson', '-4'], {
      input: () => pipe,
      signal: stop.signal,
      out: {
        write: (text) => {
          out += text
          // It is told although nobody closed the list.
          stop.abort()
        },
      },
    })
    pipe.write(`localhost:${port}\n`)
    const { code, err } = await ended
    expect(farmsIn(out)).toEqual([`localhost:${port}`])
    expect(code).toBe(3)
    expect(err).toContain('standard input was read up to line 1: the run ended.')
    expect(err).toContain('adfs-check: interrupted; the report holds what was found until then.')
  })

  it('before its first line', async () => {
    const signal = AbortSignal.timeout(50)
    const { code, out, err } = await cli(['-'], { input: () => new PassThrough(), signal })
    expect([code, out]).toEqual([3, ''])
    expect(err).toContain('adfs-check: interrupted: nothing was checked.')
  })
})

describe('--shard', () => {
  it('gives every target to one part, wherever it stands; a bad line is told by one part', async () => {
    const names = Array.from({ length: 60 }, (_, n) => here(n + 1))
    const list = file('shards.txt', [...names, 'bad name'].join('\n'))
    const backwards = file('backwards.txt', [...names].reverse().join('\n'))
    const shard = (path: string, nth: number) =>
      cli(['--targets', path, '--shard', `${nth}/3`, '--format', 'ndjson'])
    const parts = await Promise.all([1, 2, 3].map((nth) => shard(list, nth)))
    const found = parts.map(({ out }) => farmsIn(out).sort())
    expect(found.flat().sort()).toEqual([...names].sort())
    for (const part of found) expect(part.length).toBeGreaterThan(8)
    expect(parts.filter(({ err }) => err.includes(':61: "bad name"'))).toHaveLength(1)
    expect(farmsIn((await shard(backwards, 2)).out).sort()).toEqual(found[1])
  })

  it('takes its part of the farms of a policy', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `${here(n + 1)}`)
    const config = file('farms.yaml', `farms:\n${names.map((name) => `  - name: ${name}\n`).join('')}`)
    const parts = await Promise.all(
      [1, 2].map((nth) => cli(['--config', config, '--shard', `${nth}/2`, '--format', 'ndjson'])),
    )
    const found = parts.map(({ out }) => farmsIn(out))
    for (const part of found) expect(part.length).toBeGreaterThan(0)
    expect(found.flat().sort()).toEqual(names.sort())
  })

  it('a part without a target ends with 0 and says so', async () => {
    const ran = await Promise.all(
      [1, 2].map((nth) => cli(['localhost', `--port=${port}`, '-4', '--shard', `${nth}/2`])),
    )
    expect(ran.map(({ code }) => code)).toEqual([0, 0])
    expect(ran.filter(({ out }) => out === '').map(({ err }) => err)).toEqual([
      'adfs-check: all targets are in other shards; nothing was checked here.\n',
    ])
  })

  it.each(['0/3', '4/3', '2', '1/1001', 'a/b'])('%s is bad usage', async (shard) => {
    expect((await cli(['localhost', '--shard', shard])).code).toBe(4)
  })
})

it('an issuer that many farms lack is fetched once', async () => {
  const asked: string[] = []
  const aia = createHttpServer((request, response) => {
    asked.push(request.url!)
    response.end(issuing.der)
  }).listen(0, '127.0.0.1')
  await once(aia, 'listening')
  const issuing = issue({ subject: 'Lists Issuing', issuer: root, ca: true })
  const caIssuers = [`http://127.0.0.1:${(aia.address() as AddressInfo).port}/issuing.cer`]
  const alone = issue({ subject: 'localhost', issuer: issuing, names: ['localhost'], caIssuers })
  const short = createServer({ cert: alone.pem, key: alone.keyPem }, (socket) => socket.on('error', () => {}))
  short.on('tlsClientError', () => {}).listen(0, '0.0.0.0')
  await once(short, 'listening')
  const targets = Array.from(
    { length: 20 },
    (_, n) => `127.0.3.${n + 1}:${(short.address() as AddressInfo).port}`,
  )
  const args = ['-', '--format', 'ndjson', '--aia-allow-private', '--no-proxy', '--timeout=8']
  let out = ''
  const code = await run([...args, '--trust-anchor', join(folder, 'root.pem')], {
    ...{ out: { write: (text) => (out += text) }, err: { write: () => {} }, env: {}, platform: 'linux' },
    ...{ now: new Date(), signal: new AbortController().signal, ...input(targets.join('\n')) },
  })
  aia.close()
  short.close()
  expect(code).toBe(2)
  const added = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Report).subjects[0]!.repairs[0]!.add.map(({ origin }) => origin))
  expect(added).toEqual(Array(20).fill(['aia']))
  expect(asked).toEqual(['/issuing.cer'])
})

it('a document has the order of the list, whatever is done first', async () => {
  const slow = await rawServer((socket) => {
    const upstream = connect(port, '127.0.0.1')
    setTimeout(() => socket.pipe(upstream).pipe(socket), 400)
    upstream.on('error', () => {})
  })
  const list = `localhost:${slow.port}\nlocalhost:${port}\n`
  const { out } = await cli(['-', '-4', '--format', 'ndjson'], input(list))
  expect(farmsIn(out)).toEqual([`localhost:${port}`, `localhost:${slow.port}`])
  const json = (await cli(['-', '-4', '--format', 'json'], input(list))).out
  await slow.close()
  const { reports } = JSON.parse(json) as { reports: Report[] }
  expect(reports.map(({ farm }) => farm.ports[0])).toEqual([slow.port, port])
})
