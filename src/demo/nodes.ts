import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Issued } from './authority.js'

/**
 * A farm of machines on loopback, each with an address of its own (Linux has all of 127.0.0.0/8) and with bindings as
 * HTTP.sys has them: a list for a name and port, perhaps one for whoever names nothing known, and a reset where there is
 * none.
 */

export interface NodeSetup {
  readonly name: string
  readonly role: 'adfs' | 'wap' | 'balancer'
  readonly bindings: readonly Binding[]
  /** Path to page; whatever else is asked for is 503. */
  readonly pages?: Readonly<Record<string, string>>
}

export interface Binding {
  /** Null: the fallback binding of the port; `*`: for any name, not for none. */
  readonly name: string | null
  readonly port: number
  /** As sent, the server's own certificate first. */
  readonly list: readonly Issued[]
  /** As on 49443 and under certauth. */
  readonly asksForCertificate?: boolean
}

export interface RunningNodes {
  /** By the name of the node. */
  readonly address: (node: string) => string
  /** TCP connections so far. */
  readonly connections: () => number
  /** What the node sends from now on, under every name on every port, or where `only` says so. */
  bind(node: string, list: readonly Issued[], only?: (binding: Binding) => boolean): void
  /** Lines of an inventory: `nodes:` of adfs-check.yaml, indented below a farm. */
  inventory(more?: (setup: NodeSetup) => string): string
  close(): Promise<void>
}

const options: TlsOptions = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }

export async function startNodes(setups: readonly NodeSetup[]): Promise<RunningNodes> {
  // Two runs at once have networks of their own.
  const net = `127.${randomInt(100, 255)}.${randomInt(100, 255)}`
  const addresses = new Map(setups.map(({ name }, index) => [name, `${net}.${10 + index}`]))
  const nodes = new Map<string, ReturnType<typeof nodeOf>>()
  for (const setup of setups) nodes.set(setup.name, nodeOf(setup, addresses.get(setup.name)!))
  await Promise.all([...nodes.values()].map(({ listening }) => listening))
  return {
    address: (node) => addresses.get(node)!,
    connections: () => [...nodes.values()].reduce((sum, { connections }) => sum + connections(), 0),
    bind: (node, list, only = () => true) => nodes.get(node)!.bind(list, only),
    inventory: (more = () => '') =>
      setups
        .map(
          (setup) =>
            `      - { name: ${setup.name}, addresses: ${addresses.get(setup.name)}, role: ${setup.role}${more(setup)} }\n`,
        )
        .join(''),
    close: async () => {
      await Promise.all([...nodes.values()].map(({ close }) => close()))
    },
  }
}

function nodeOf({ bindings, pages = {} }: NodeSetup, address: string) {
  const sockets = new Set<Socket>()
  let connections = 0
  const bound = bindings.map((binding) => {
    const tls = createHttpsServer(
      { ...credentials(binding.list), ...options, ...asking(binding) },
      (request, response) => {
        const page = pages[request.url ?? '']
        response.writeHead(page === undefined ? 503 : 200, { connection: 'close' }).end(page)
      },
    )
    tls.on('tlsClientError', (_error, socket) => socket.destroy())
    return { binding, tls }
  })
  const servers: Server[] = [...new Set(bindings.map(({ port }) => port))].map((port) => {
    const here = bound.filter(({ binding }) => binding.port === port)
    const server = createTcpServer((socket) => {
      connections++
      sockets.add(socket)
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
      socket.once('data', (hello: Buffer) => {
        const name = serverNameIn(hello)
        const chosen =
          here.find(({ binding }) => binding.name !== null && binding.name === name) ??
          here.find(({ binding }) => name !== null && binding.name === '*') ??
          here.find(({ binding }) => binding.name === null)
        if (!chosen) return void socket.resetAndDestroy()
        socket.pause()
        socket.unshift(hello)
        chosen.tls.emit('connection', socket)
      })
    })
    server.listen(port, address)
    return server
  })
  return {
    connections: () => connections,
    listening: Promise.all(servers.map((server) => once(server, 'listening'))),
    bind: (list: readonly Issued[], only: (binding: Binding) => boolean) => {
      for (const { binding, tls } of bound)
        if (only(binding)) tls.setSecureContext({ ...credentials(list), ...options })
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
    },
  }
}

const credentials = (list: readonly Issued[]) => ({
  key: list[0]!.keyPem,
  cert: list.map(({ pem }) => pem).join(''),
})

const asking = ({ asksForCertificate }: Binding): TlsOptions =>
  asksForCertificate ? { requestCert: true, rejectUnauthorized: false } : {}

/** Of a ClientHello's first record; null: it names nobody. */
function serverNameIn(hello: Buffer): string | null {
  let at = 5 + 4 + 2 + 32
  at += 1 + hello[at]!
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello[at]! + 2
  for (; at + 4 <= hello.length; at += 4 + hello.readUInt16BE(at + 2))
    if (hello.readUInt16BE(at) === 0) {
      const length = hello.readUInt16BE(at + 7)
      return hello.toString('latin1', at + 9, at + 9 + length)
    }
  return null
}
