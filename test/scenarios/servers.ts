import { once } from 'node:events'
import { createServer as createWebServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecureContext, createServer, type TlsOptions } from 'node:tls'
import { windowsSends } from '../../src/adfs/chain-engine.js'
import { type Issued, pemOf } from '../../src/demo/authority.js'
import { refuseOcsp, respondOcsp } from '../../src/demo/revocation.js'
import { choosing, extensionsIn, offersTls13, spoiling } from '../support/altering.js'
import { certificateOf } from '../support/certificate-of.js'
import { closedPort, rawServer } from '../support/odd-servers.js'
import { startProgram, Workspace } from '../support/peers.js'
import { alert, certificateMessage, message, record, serverHello } from '../support/servers-bytes.js'
import type { Minted } from './certificates.js'
import type { FarmRecipe, ServerRecipe } from './recipe.js'

/** Servers on loopback that do what a recipe says. */

export interface Running {
  /** Where it listens; several: machines behind one address, which take turns. */
  readonly ports: readonly number[]
  close(): Promise<unknown>
}

export async function serve(recipe: ServerRecipe, mint: Minted, at: Date): Promise<Running> {
  const { turns, does, shows, besides, olderClients, unnamed, signature } = recipe
  if (turns) {
    const machines = await Promise.all(turns.map((turn) => serve(turn, mint, at)))
    return { ports: machines.flatMap(({ ports }) => ports), close: closing(machines) }
  }
  if (does) return one(await odd(does))
  if (shows) return one(await showing(shows.map((name) => entry(name, mint))))
  const list = sent(recipe, mint, at)
  if (besides) return one(await twoKeys(list, besides.map(mint)))
  if (olderClients) {
    const [now, older] = await Promise.all([
      serve({ ...recipe, olderClients: undefined as never, tls: ['TLSv1.3', 'TLSv1.3'] }, mint, at),
      serve({ sends: olderClients, tls: ['TLSv1', 'TLSv1.2'] }, mint, at),
    ])
    const front = await choosing((hello) => (offersTls13(hello) ? now : older).ports[0]!)
    return { ports: [front.port], close: closing([front, now, older]) }
  }
  const server = await tlsServer(list, recipe, mint, at)
  if (signature) {
    const front = await spoiling(server.port, 'TLS 1.2', 'wrong signature')
    return { ports: [front.port], close: closing([front, server]) }
  }
  if (unnamed !== 'reset') return one(server)
  const isKnown = (hello: Buffer) =>
    extensionsIn(hello).includes(0) && (recipe.knows?.some((name) => hello.includes(name)) ?? true)
  const front = await choosing((hello) => (isKnown(hello) ? server.port : 'reset'))
  return { ports: [front.port], close: closing([front, server]) }
}

const one = ({ port, close }: { port: number; close(): Promise<unknown> }): Running => ({
  ports: [port],
  close,
})
const closing = (all: readonly { close(): Promise<unknown> }[]) => () =>
  Promise.all(all.map((each) => each.close()))

/** The list as the recipe has it, or as a Windows server makes it of its stores. */
function sent({ sends, stores }: ServerRecipe, mint: Minted, at: Date): readonly Issued[] {
  if (!stores) return (sends ?? []).map(mint)
  const all = [...stores.My, ...stores.CA, ...stores.Root].map(mint)
  const read = (names: readonly string[]) => names.map((name) => certificateOf(mint(name)))
  const list = windowsSends({
    leaf: certificateOf(mint(stores.My[0]!)),
    stores: { My: read(stores.My), CA: read(stores.CA), Root: read(stores.Root), Disallowed: [] },
    at,
  })
  return list.map(({ der }) => all.find((issued) => Buffer.from(issued.der).equals(der))!)
}

async function tlsServer(list: readonly Issued[], recipe: ServerRecipe, mint: Minted, at: Date) {
  const {
    knows,
    tls = ['TLSv1.2', 'TLSv1.3'],
    ciphers,
    groups,
    alpn,
    clientCertificate,
    staple,
    unnamed,
  } = recipe
  const credentials = ([first, ...rest]: readonly Issued[]) => ({
    key: first!.keyPem,
    cert: [first!, ...rest].map(({ pem }) => pem).join(''),
  })
  const options: TlsOptions = {
    ...credentials(list),
    minVersion: tls[0],
    maxVersion: tls[1],
    ciphers: `${ciphers ?? 'DEFAULT'}:@SECLEVEL=0`,
    ...(groups ? { ecdhCurve: groups } : {}),
    ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
    ...(clientCertificate ? { requestCert: true, rejectUnauthorized: true } : {}),
  }
  const named = createSecureContext(options)
  const server = createServer(
    Array.isArray(unnamed)
      ? {
          ...options,
          ...credentials(unnamed.map(mint)),
          SNICallback: (name, done) => done(null, (knows?.includes(name) ?? true) ? named : undefined),
        }
      : options,
    (socket) => socket.on('error', () => socket.destroy()).end(),
  )
  if (staple) {
    const response = stapled(staple, list[0]!, mint, at)
    server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, response))
  }
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return listening(server)
}

async function listening(server: ReturnType<typeof createServer> | ReturnType<typeof createWebServer>) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((done) => server.close(done)),
  }
}

function stapled(kind: NonNullable<ServerRecipe['staple']>, leaf: Issued, mint: Minted, at: Date): Buffer {
  if (kind === 'try-later') return refuseOcsp('tryLater')
  const issuer = mint('issuing')
  const day = (days: number) => new Date(at.getTime() + days * 86_400_000)
  return respondOcsp({
    issuer,
    ...(kind === 'other-signer' ? { signer: mint('stranger') } : {}),
    answers: [
      {
        about: leaf,
        status:
          kind === 'revoked' ? { revokedAt: day(-2), reason: 4 } : kind === 'unknown' ? 'unknown' : 'good',
        thisUpdate: day(kind === 'stale' ? -14 : -1),
        nextUpdate: day(kind === 'stale' ? -7 : 6),
      },
    ],
  })
}

/** An RSA and an ECDSA chain side by side: a server of OpenSSL's. */
async function twoKeys(first: readonly Issued[], second: readonly Issued[]) {
  const files = new Workspace()
  const chain = (option: string, [leaf, ...rest]: readonly Issued[]): string[] => [
    `-${option}cert`,
    files.write(`${option}cert.pem`, leaf!.pem),
    `-${option}key`,
    files.write(`${option}key.pem`, leaf!.keyPem),
    ...(rest.length > 0
      ? [`-${option}cert_chain`, files.write(`${option}rest.pem`, rest.map(({ pem }) => pem).join(''))]
      : []),
  ]
  const { port, stop } = await startProgram(
    'openssl',
    (number) => [
      ...['s_server', '-quiet', '-accept', `127.0.0.1:${number}`, '-cipher', 'DEFAULT:@SECLEVEL=0'],
      ...['-min_protocol', 'TLSv1'],
      ...chain('', first),
      ...chain('d', second),
    ],
    files,
  )
  return { port, close: stop }
}

function odd(does: NonNullable<ServerRecipe['does']>): Promise<{ port: number; close(): Promise<unknown> }> {
  if (typeof does === 'object')
    return rawServer((socket) => socket.once('data', () => socket.end(alert(2, does.alert))))
  if (does === 'silence') return rawServer(() => {})
  if (does === 'reset') return rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  if (does === 'http')
    return rawServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
    )
  return closedPort().then((port) => ({ port, close: async () => {} }))
}

const entry = (name: string, mint: Minted): Uint8Array =>
  name.startsWith('!') ? Buffer.from(name.slice(1)) : mint(name).der

/** TLS 1.2 with RSA key exchange up to ServerHelloDone: a client cannot tell yet whether the key is there. */
function showing(list: readonly Uint8Array[]) {
  return rawServer((socket) =>
    socket.once('data', () => {
      // 16 KB are one record's limit (RFC 5246 §6.2.1).
      const flight = Buffer.concat([
        serverHello({ suite: 0x009c }),
        certificateMessage(list),
        message(14, []),
      ])
      for (let from = 0; from < flight.length; from += 16_000)
        socket.write(record(22, flight.subarray(from, from + 16_000)))
    }),
  )
}

/** The web server of the authority. */
export async function serveWeb(web: NonNullable<FarmRecipe['web']>, mint: Minted): Promise<Running> {
  const server = createWebServer((request, response) => {
    const answer =
      web[`http://${request.headers.host}${request.url}`] ?? web[`http://pki.contoso.com${request.url}`]
    if (answer === undefined) response.writeHead(404).end()
    else if (typeof answer === 'string')
      response.setHeader('content-type', 'application/pkix-cert').end(mint(answer).der)
    else response.setHeader('content-type', 'text/html').end(answer.html)
  })
  return one(await listening(server))
}

export { pemOf }
