import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { windowsSends } from '../adfs/chain-engine.js'
import type { Certificate } from '../x509/certificate.js'
import { parseCertificate } from '../x509/parse.js'
import { type Issued, type IssueOptions, issue as issueAt, pemOf } from './authority.js'

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
 * Starts three servers that share one certificate and send what Windows would make of their stores (one has no
 * intermediate, one the right one, one only its expired predecessor), and the issuing authority's AIA web server.
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
  const expired = issue({
    subject: issuingName,
    issuer: root,
    ca: { pathLength: 0 },
    notBefore: daysFrom(at, -1_825),
    notAfter: daysFrom(at, -30),
  })

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
    startServer('AD FS server without the intermediate certificate', name, leaf, root, []),
    startServer('Web Application Proxy, complete', name, leaf, root, [issuing]),
    startServer('AD FS server that has only the expired intermediate', name, leaf, root, [expired]),
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

async function startServer(
  role: string,
  name: string,
  leaf: Issued,
  root: Issued,
  initialStore: readonly Issued[],
) {
  const stores = {
    My: [read(leaf.der)],
    CA: initialStore.map(({ der }) => read(der)),
    Root: [read(root.der)],
    Disallowed: [],
  }
  const credentials = () => ({
    key: leaf.keyPem,
    cert: windowsSends({ leaf: stores.My[0]!, stores, at: new Date() })
      .map(({ der }) => pemOf(der))
      .join(''),
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
      stores.CA.push(...ders.map(read))
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

function read(der: Uint8Array): Certificate {
  const result = parseCertificate(der)
  if (!result.ok) throw new Error(`${result.problem.field}: ${result.problem.message}`)
  return result.certificate
}

const daysFrom = (at: Date, days: number): Date => new Date(at.getTime() + days * 86_400_000)
