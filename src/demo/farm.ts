import { randomUUID, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Issued, type IssueOptions, issue as issueAt } from './authority.js'

/** An AD FS-like farm on loopback with a private PKI of its own, broken in the classic ways until repaired. */
export interface Farm {
  readonly name: string
  readonly root: Issued
  readonly servers: readonly FarmServer[]
  close(): Promise<void>
}

export interface FarmServer {
  readonly role: string
  readonly address: string
  readonly port: number
  /** Puts certificates into the server's intermediate store and restarts the service, as the kit's script does. */
  importIntermediates(ders: readonly Uint8Array[]): void
}

const loopback = '127.0.0.1'

/**
 * Starts three servers that share one certificate (one sends only its leaf, one the full chain, one a stale
 * intermediate of the right name and the wrong key) and the issuing authority's AIA web server.
 */
export async function startFarm(): Promise<Farm> {
  const name = 'sts.contoso.test'
  // Keys that follow from a name are known to everyone. Those of a farm somebody may trust for a moment are not.
  const chance = randomUUID()
  const at = new Date()
  const issue = (options: IssueOptions, key = JSON.stringify(options.subject)): Issued =>
    issueAt({ at, keyName: `${chance} ${key}`, ...options })
  const root = issue({
    subject: [
      ['O', 'Contoso Demo'],
      ['CN', 'Contoso Demo Root CA'],
    ],
    ca: true,
  })
  const issuingName = [
    ['O', 'Contoso Demo'],
    ['CN', 'Contoso Demo Issuing CA 1'],
  ] as const
  const issuing = issue({ subject: issuingName, issuer: root, ca: { pathLength: 0 } })
  const stale = issue({ subject: issuingName, issuer: root, ca: { pathLength: 0 } }, 'stale')

  const aia = createHttpServer((request, response) => {
    if (request.url === '/issuing-ca-1.cer')
      response.setHeader('content-type', 'application/pkix-cert').end(issuing.der)
    else response.writeHead(404).end()
  })
  aia.listen(0, loopback)
  await once(aia, 'listening')
  const leaf = issue({
    subject: name,
    issuer: issuing,
    names: [name, `certauth.${name}`, 'enterpriseregistration.contoso.test'],
    caIssuers: [`http://${loopback}:${(aia.address() as AddressInfo).port}/issuing-ca-1.cer`],
  })
  const started = await Promise.all([
    startServer('AD FS server, sends only its leaf', name, leaf, []),
    startServer('Web Application Proxy, sends the full chain', name, leaf, [issuing.der]),
    startServer('AD FS server with a stale intermediate', name, leaf, [stale.der]),
  ])
  return {
    name,
    root,
    servers: started.map(({ server }) => server),
    close: async () => {
      await Promise.all(
        [...started.map(({ listener }) => listener), aia].map(
          (server) => new Promise((done) => server.close(done)),
        ),
      )
    },
  }
}

async function startServer(role: string, name: string, leaf: Issued, initialStore: readonly Uint8Array[]) {
  let store = initialStore
  const credentials = () => ({
    key: leaf.keyPem,
    cert: [leaf.pem, ...chainFrom(leaf.der, store)].join(''),
    // As Windows Server 2016 and 2019 come: TLS 1.0 is what Android 4.4 speaks.
    minVersion: 'TLSv1' as const,
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const tls = createTlsServer(credentials(), (socket) => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
  tls.on('tlsClientError', (_error, socket) => socket.destroy())
  const listener = createTcpServer((socket) =>
    requireServerName(socket, name, () => tls.emit('connection', socket)),
  )
  listener.listen(0, loopback)
  await once(listener, 'listening')
  const server: FarmServer = {
    role,
    address: loopback,
    port: (listener.address() as AddressInfo).port,
    importIntermediates(ders) {
      store = [...store, ...ders]
      tls.setSecureContext(credentials())
    },
  }
  return { server, listener: listener as Server }
}

/** HTTP.sys with SNI bindings resets a hello that names no host it knows; the name stands in the hello in clear. */
function requireServerName(socket: Socket, name: string, accept: () => void): void {
  socket.on('error', () => socket.destroy())
  socket.once('data', (hello) => {
    if (!hello.includes(name)) {
      socket.resetAndDestroy()
      return
    }
    socket.pause()
    socket.unshift(hello)
    accept()
  })
}

/**
 * What Schannel would send: from the leaf upwards an issuer of the right name out of the local store, one whose key
 * fits preferred, the root left out.
 */
function chainFrom(leaf: Uint8Array, store: readonly Uint8Array[]): string[] {
  const chain: string[] = []
  let child = new X509Certificate(leaf)
  const candidates = store.map((der) => new X509Certificate(der))
  while (chain.length < candidates.length) {
    const named = candidates.filter(
      (candidate) => candidate.subject === child.issuer && candidate.subject !== candidate.issuer,
    )
    const issuer = named.find((candidate) => child.verify(candidate.publicKey)) ?? named[0]
    if (!issuer || chain.includes(issuer.toString())) break
    chain.push(issuer.toString())
    child = issuer
  }
  return chain
}
