import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type ServerOpts, type Socket } from 'node:net'

/** A raw TCP server on loopback that does what `serve` says; closed, connections included, by `close`. */
export async function rawServer(
  serve: (socket: Socket) => void,
  options: ServerOpts = {},
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(options, (socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await rawServer(() => {})
  await server.close()
  return server.port
}
