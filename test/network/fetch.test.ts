import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { readCertificates } from '../../src/containers/bundle.js'
import { toPkcs7 } from '../../src/containers/write-pkcs7.js'
import { issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import { type AskedUrl, IssuerSource } from '../../src/examine/issuers.js'
import { fetchOutcomeText } from '../../src/network/fetch-outcome.js'
import { type FetchOptions, fetcher } from '../../src/network/live/fetch.js'
import { certificateOf } from '../support/certificate-of.js'

const root = issue({ subject: 'Contoso Root', ca: true })
const issuer = issue({ subject: 'Contoso Issuing CA 2', issuer: root, ca: true })
const { sha256 } = certificateOf(issuer)

/** Opens without a password: it would be read, were it the operator's. */
function unprotectedPfx(der: Uint8Array): Buffer {
  const data = (content: Buffer) => sequence(oid('1.2.840.113549.1.7.1'), tlv(0xa0, tlv(0x04, content)))
  const bag = sequence(
    oid('1.2.840.113549.1.12.10.1.3'),
    tlv(0xa0, sequence(oid('1.2.840.113549.1.9.22.1'), tlv(0xa0, tlv(0x04, der)))),
  )
  return sequence(Buffer.of(2, 1, 3), data(sequence(data(sequence(bag)))))
}

const requests: string[] = []
const pages: Record<string, RequestListener> = {
  '/issuer.cer': (_, response) => response.end(issuer.der),
  '/issuer.pem': (_, response) => response.setHeader('content-type', 'text/html').end(issuer.pem),
  '/issuers.p7c': (_, response) => response.end(toPkcs7([certificateOf(issuer), certificateOf(root)])),
  '/issuer.pfx': (_, response) => response.end(unprotectedPfx(issuer.der)),
  '/gzip': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(issuer.der)),
  '/bomb': (_, response) => response.end(gzipSync(Buffer.alloc(5_000_000))),
  '/html': (_, response) => response.end('<html>please log in</html>'),
  '/empty': (_, response) => response.end(),
  '/large': (_, response) => response.end(Buffer.alloc(200_000, 0x30)),
  '/once': (_, response) => response.writeHead(302, { location: '/issuer.cer' }).end(),
  '/thrice': (_, response) => response.writeHead(301, { location: '/twice' }).end(),
  '/twice': (_, response) => response.writeHead(307, { location: 'once' }).end(),
  '/four': (_, response) => response.writeHead(308, { location: '/thrice' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/pool' }).end(),
  '/pool': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/self': (_, response) => response.writeHead(302, { location: '/self' }).end(),
  '/to-file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/to-login': (_, response) => response.writeHead(302, { location: 'http://u:p@127.0.0.1/' }).end(),
  '/nowhere': (_, response) => response.writeHead(302, { location: 'http://' }).end(),
  '/cookie': (message, response) => {
    response.setHeader('set-cookie', 'a=b').end(message.headers.cookie ?? issuer.der)
  },
  '/drip': (_, response) => {
    const timer = setInterval(() => response.write(Buffer.of(0x30)), 20)
    response.on('close', () => clearInterval(timer))
  },
  '/hang': () => {},
}
const answer: RequestListener = (message, response) => {
  requests.push(message.url!)
  const page = pages[new URL(message.url!, 'http://x').pathname]
  if (page) page(message, response)
  else response.writeHead(404).end(issuer.der)
}

let server: Server
let origin: string
const listen = async (listener: Server): Promise<string> => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`
}
beforeAll(async () => {
  server = createServer(answer)
  origin = `http://${await listen(server)}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
afterEach(() => {
  requests.length = 0
})

const source = (options: Partial<FetchOptions> = {}, make = fetcher) => {
  const fetch = make({ allowPrivate: true, proxy: null, signal: null, ...options })
  return new IssuerSource({ fetch: ({ url }) => fetch(url) })
}
const outcomeOf = async (url: string, options: Partial<FetchOptions> = {}) => {
  const one = source(options)
  const found = await one.fetch([url])
  const [attempt] = await one.asked()
  return { hashes: found.map(({ certificate }) => certificate.sha256), attempt: attempt!, ...attempt! }
}
const textOf = ({ outcome, certificates, problem }: AskedUrl) =>
  fetchOutcomeText(outcome, certificates.length, problem)

describe('what a URL gives', () => {
  it('the PKCS #12 file of these tests could be opened', async () => {
    expect((await readCertificates(unprotectedPfx(issuer.der))).certificates).toHaveLength(1)
  })

  it.each([
    ['/issuer.cer', 1],
    ['/issuer.pem', 1],
    ['/issuers.p7c', 2],
    ['/gzip', 1],
    ['/once', 1],
    ['/thrice', 1],
    ['/issuer.cer?query=1', 1],
  ])('%s: %d certificates', async (path, certificates) => {
    const { hashes, outcome } = await outcomeOf(origin + path)
    expect(outcome.kind).toBe('fetched')
    expect(hashes).toHaveLength(certificates)
    expect(hashes[0]).toBe(sha256)
  })

  it.each<[string, object]>([
    ['/missing', { kind: 'http-status', status: 404 }],
    ['/large', { kind: 'too-large', maximumBytes: 65_536 }],
    ['/bomb', { kind: 'too-large', maximumBytes: 65_536 }],
    ['/four', { kind: 'too-many-redirects', maximum: 3 }],
    ['/loop', { kind: 'redirect-loop' }],
    ['/self', { kind: 'redirect-loop' }],
    ['/to-file', { kind: 'refused', reason: 'scheme', detail: expect.stringContaining('file:') }],
    ['/to-login', { kind: 'refused', reason: 'credentials', detail: expect.anything() }],
    ['/nowhere', { kind: 'refused', reason: 'malformed-url', detail: expect.anything() }],
  ])('%s: %o', async (path, outcome) => {
    const result = await outcomeOf(origin + path)
    expect(result.outcome).toMatchObject(outcome)
    expect(result.hashes).toEqual([])
    expect(textOf(result.attempt)).not.toBe('')
  })

  it.each([
    ['/html', /neither PEM/],
    ['/issuer.pfx', /PKCS #12/],
    ['/empty', /./],
  ])('%s holds no certificate, and it is said why', async (path, problem) => {
    const { hashes, attempt } = await outcomeOf(origin + path)
    expect(hashes).toEqual([])
    expect(attempt.problem).toMatch(problem)
    expect(textOf(attempt)).toContain('holds no certificate')
  })

  it.each(['/drip', '/hang'])('%s ends at the deadline', async (path) => {
    const { outcome } = await outcomeOf(origin + path, { limits: { timeoutMs: 150 } })
    expect(outcome).toEqual({ kind: 'timed-out', timeoutMs: 150, redirects: [] })
  })

  it('names the redirects followed', async () => {
    const { outcome } = await outcomeOf(`${origin}/thrice`)
    expect(outcome.redirects).toEqual(['/twice', '/once', '/issuer.cer'].map((path) => origin + path))
  })

  it('sends no cookies back', async () => {
    const one = source()
    await one.fetch([`${origin}/cookie`])
    expect(await one.fetch([`${origin}/cookie?again`])).toHaveLength(1)
  })

  it('takes an issuer over https from a server nobody trusts', async () => {
    const tls = createTlsServer({ key: issuer.keyPem, cert: issuer.pem }, answer)
    const { outcome, certificates } = await outcomeOf(`https://${await listen(tls)}/issuer.cer`)
    expect([outcome.kind, certificates.length]).toEqual(['fetched', 1])
    // What a stranger says is not believed where it has to be Microsoft.
    const fetch = fetcher({ allowPrivate: true, proxy: null, signal: null })
    const url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/issuer.cer`
    expect(await fetch(url, 'realm')).toMatchObject({ kind: 'unreachable' })
    tls.closeAllConnections()
    tls.close()
  })

  it('says that nobody listens', async () => {
    const closed = createServer()
    const address = await listen(closed)
    await new Promise((resolve) => closed.close(resolve))
    const { outcome } = await outcomeOf(`http://${address}/issuer.cer`)
    expect(outcome).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') })
  })
})

describe('several URLs', () => {
  it('asks every one, and each only once', async () => {
    const one = source()
    const urls = ['/missing', '/issuer.cer', '/issuers.p7c'].map((path) => origin + path)
    expect(await one.fetch(urls)).toHaveLength(3)
    expect(await one.fetch(urls)).toHaveLength(3)
    expect(requests).toEqual(['/missing', '/issuer.cer', '/issuers.p7c'])
  })

  it('stops at the limit on fetches, and says so', async () => {
    const one = source()
    const urls = Array.from({ length: 34 }, (_, n) => `${origin}/issuer.cer?${n}`)
    expect(await one.fetch(urls)).toHaveLength(32)
    expect((await one.asked()).map(({ outcome }) => outcome.kind).slice(31)).toEqual([
      'fetched',
      'too-many-fetches',
      'too-many-fetches',
    ])
    expect(requests).toHaveLength(32)
  })

  it('stops when the total time is used up', async () => {
    const one = source({ limits: { totalMs: 100 } })
    await one.fetch([`${origin}/hang`, `${origin}/hang?again`])
    expect((await one.asked()).map(({ outcome }) => outcome)).toMatchObject([
      { kind: 'timed-out' },
      { kind: 'timed-out', timeoutMs: 1 },
    ])
    // What was on its way may still arrive.
    await new Promise((done) => setTimeout(done, 50))
  })
})

describe('addresses that are not public', () => {
  it.each([
    'http://127.0.0.1/ca.cer',
    'http://2130706433/ca.cer',
    'http://0x7f.1/ca.cer',
    'http://[::1]/ca.cer',
    'http://[::ffff:127.0.0.1]/ca.cer',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/ca.cer',
    'https://192.168.0.1/ca.cer',
    'http://localhost/ca.cer',
    'http://pki.localhost./ca.cer',
    'http://metadata.google.internal/ca.cer',
  ])('%s is refused without a connection', async (url) => {
    const { outcome } = await outcomeOf(url, { allowPrivate: false })
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'private-address' })
  })

  it.each([
    'ldap:///CN=Contoso',
    'file:///etc/passwd',
    'ftp://example.com/ca.cer',
    'data:,x',
  ])('%s is refused by its scheme', async (url) => {
    expect((await outcomeOf(url)).outcome).toMatchObject({ kind: 'refused', reason: 'scheme' })
  })

  it('a public name that resolves to a private address is refused when connecting', async () => {
    vi.resetModules()
    vi.doMock('node:dns', () => ({
      lookup: (_: string, __: object, callback: (error: null, found: object[]) => void) =>
        callback(null, [
          { address: '127.0.0.1', family: 4 },
          { address: 'fd00::1', family: 6 },
        ]),
    }))
    const { fetcher: fresh } = await import('../../src/network/live/fetch.js')
    const one = source({ allowPrivate: false }, fresh)
    await one.fetch([`http://rebound.example:${new URL(origin).port}/issuer.cer`])
    expect((await one.asked())[0]?.outcome).toMatchObject({
      kind: 'refused',
      reason: 'private-address',
      detail: 'rebound.example (127.0.0.1) is not a public address',
    })
    expect(requests).toEqual([])
    vi.doUnmock('node:dns')
  })
})

describe('through a proxy', () => {
  let proxy: Server
  let proxyUrl: URL
  const seen: string[] = []
  beforeAll(async () => {
    // A forward proxy whose Internet is our server, whatever host is asked for.
    const forward = (message: IncomingMessage): string => new URL(message.url!).pathname
    proxy = createServer((message, response) => {
      seen.push(message.url!)
      if (forward(message) === '/inward') {
        response.writeHead(302, { location: 'http://127.0.0.1/secret' }).end()
        return
      }
      request(origin + forward(message), (inner) => inner.pipe(response)).end()
    })
    proxyUrl = new URL(`http://${await listen(proxy)}`)
  })
  afterAll(() => {
    proxy.closeAllConnections()
    proxy.close()
  })

  it('an http URL is asked of the proxy as an ordinary request', async () => {
    const url = 'http://issuer.example/issuer.cer'
    const { hashes } = await outcomeOf(url, { proxy: proxyUrl, allowPrivate: false })
    expect(hashes).toEqual([sha256])
    expect(seen).toEqual([url])
  })

  it('a redirect to a private address is refused', async () => {
    const { outcome } = await outcomeOf('http://issuer.example/inward', {
      proxy: proxyUrl,
      allowPrivate: false,
    })
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'private-address' })
  })
})
