import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { live } from '../../src/network/live/live.js'
import { certificateOf } from '../support/certificate-of.js'

const leaf = issue({ subject: 'sts.contoso.com', names: ['sts.contoso.com'] })
const pin = certificateOf(leaf).publicKey.spkiSha256
const requests: string[] = []
const answer: RequestListener = (request, response) => {
  requests.push(`${request.headers.host} ${request.url}`)
  if (request.url === '/moved') response.writeHead(302, { location: 'https://elsewhere.test/' }).end()
  else if (request.url === '/large') response.end(Buffer.alloc(600 * 1024))
  else if (request.url !== '/hang') response.end('<EntityDescriptor/>')
}
const secure = createTlsServer({ key: leaf.keyPem, cert: leaf.pem }, answer)
const plain = createServer(answer)
const portOf = async (server: Server) => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}
const [port, plainPort] = [await portOf(secure), await portOf(plain)]
afterEach(() => {
  requests.length = 0
})
afterAll(() => {
  for (const server of [secure, plain]) server.closeAllConnections()
  secure.close()
  plain.close()
})

const network = live({ timeoutMs: 500, proxy: null, offline: false, aiaAllowPrivate: false, signal: null })
const via = { address: '127.0.0.1', port, serverName: 'sts.contoso.com' }
const asked = (path: string, key: { readonly pin?: string } = { pin }) =>
  network.fetch({ url: `https://sts.contoso.com${path}`, purpose: 'metadata', via, ...key })

describe('a page of one machine', () => {
  it('is read over a chain that nobody trusts, from a private address, if the key is the captured one', async () => {
    const outcome = await asked('/metadata.xml')
    if (outcome.kind !== 'fetched') throw new Error(outcome.kind)
    expect(Buffer.from(outcome.body).toString()).toBe('<EntityDescriptor/>')
    expect(requests).toEqual(['sts.contoso.com /metadata.xml'])
  })

  it.each([
    ['another key', { pin: '00'.repeat(32) }],
    ['no key', {}],
  ])('is not even asked for with %s to compare', async (_, key) => {
    const outcome = await asked('/x', key)
    expect(outcome).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('another key') })
    expect(requests).toEqual([])
  })

  it('is limited: no redirect, no large page, no silence', async () => {
    expect(await asked('/moved')).toEqual({ kind: 'http-status', status: 302, redirects: [] })
    expect(await asked('/large')).toMatchObject({ kind: 'too-large' })
    expect(await asked('/hang')).toMatchObject({ kind: 'timed-out' })
  })

  it('is not waited for once the run has ended, however silent the server is', async () => {
    const silent = createNetServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
    const at = { ...via, port: (silent.address() as AddressInfo).port }
    const options = { timeoutMs: 60_000, proxy: null, offline: false, aiaAllowPrivate: false }
    const ask = (signal: AbortSignal) =>
      live({ ...options, signal }).fetch({ url: 'https://x/', purpose: 'metadata', via: at, pin })
    expect((await ask(AbortSignal.abort())).kind).toBe('unreachable')
    expect((await ask(AbortSignal.timeout(100))).kind).toBe('unreachable')
    silent.close()
  })

  it('is read without TLS where the URL says so', async () => {
    const outcome = await network.fetch({
      url: 'http://127.0.0.1/adfs/probe',
      purpose: 'probe',
      via: { address: '127.0.0.1', port: plainPort, serverName: null },
    })
    expect(outcome.kind).toBe('fetched')
  })

  it('is not asked for when nothing may be fetched, or when nobody listens', async () => {
    const off = live({ timeoutMs: 500, proxy: null, offline: true, aiaAllowPrivate: false, signal: null })
    expect(await off.fetch({ url: 'https://x/', purpose: 'metadata', via, pin })).toMatchObject({
      kind: 'offline',
    })
    expect(requests).toEqual([])
  })
})
