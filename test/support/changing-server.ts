import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Issued } from '../../src/demo/authority.js'

/** A TLS server on loopback whose certificate list can be exchanged, and that counts who comes. */
export interface ChangingServer {
  readonly place: string
  /** TCP connections so far. */
  readonly connections: number
  /** From the next connection on; several: in turn. */
  send(...chains: (readonly Issued[])[]): void
  /** Nobody listens any more. */
  stop(): Promise<void>
  /** On the same port. */
  start(): Promise<void>
}

export async function changingServer(...first: (readonly Issued[])[]): Promise<ChangingServer> {
  let chains = first
  let connections = 0
  let port = 0
  let listener: Server | null = null
  const credentials = (chain: readonly Issued[]) => ({
    key: chain[0]!.keyPem,
    cert: chain.map(({ pem }) => pem).join(''),
  })
  const tls = createTlsServer(
    { ...credentials(chains[0]!), minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
    (socket) => socket.on('error', () => socket.destroy()).end(),
  )
  tls.on('tlsClientError', (_error, socket) => socket.destroy())
  const start = async (): Promise<void> => {
    listener = createTcpServer((socket) => {
      // Which list is sent is settled when the connection comes.
      tls.setSecureContext({
        ...credentials(chains[connections++ % chains.length]!),
        minVersion: 'TLSv1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      tls.emit('connection', socket)
    })
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
    port = (listener.address() as AddressInfo).port
  }
  await start()
  return {
    get place() {
      return `127.0.0.1:${port}`
    },
    get connections() {
      return connections
    },
    send: (...next) => {
      chains = next
    },
    stop: async () => {
      if (listener) await new Promise((done) => listener!.close(done))
      listener = null
    },
    start,
  }
}
