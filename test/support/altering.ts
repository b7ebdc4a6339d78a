import { connect, type Socket } from 'node:net'
import { rawServer } from './odd-servers.js'

/** Servers in front of others, which decide by the hello or spoil the answer. */

export interface Front {
  readonly port: number
  close(): Promise<void>
}

/** Extension types of a ClientHello record. */
export function extensionsIn(hello: Buffer): readonly number[] {
  let at = 5 + 4 + 2 + 32
  at += 1 + hello[at]!
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello[at]! + 2
  const types: number[] = []
  for (; at < hello.length; at += 4 + hello.readUInt16BE(at + 2)) types.push(hello.readUInt16BE(at))
  return types
}
/** supported_versions is there: the hello offers TLS 1.3. */
export const offersTls13 = (hello: Buffer): boolean => extensionsIn(hello).includes(43)

const fatal = (code: number): Buffer => Buffer.from([21, 3, 3, 0, 2, 2, code])

/** Looks at each hello and passes it on to a port, resets, or answers with an alert. */
export function choosing(
  choose: (hello: Buffer) => number | 'reset' | { readonly alert: number },
): Promise<Front> {
  return rawServer((client) => {
    client.once('data', (hello: Buffer) => {
      const chosen = choose(hello)
      if (chosen === 'reset') client.resetAndDestroy()
      else if (typeof chosen === 'object') client.end(fatal(chosen.alert))
      else joined(client, chosen).write(hello)
    })
  })
}

/** How the server's first flight ends, its Certificate message already sent. */
export type Ending = 'wrong signature' | 'silence' | 'close' | 'reset' | 'alert' | 'garbage'

/** Passes everything on, but spoils flights of the given version after their Certificate message. */
export function spoiling(port: number, version: 'TLS 1.2' | 'TLS 1.3', ending: Ending): Promise<Front> {
  return rawServer((client) => {
    const server = joined(client, port, (flight) =>
      isTls13(flight) === (version === 'TLS 1.3') && flight[0] === 22 && flight[5] === 2
        ? spoil(flight, version)
        : flight,
    )
    client.on('data', (chunk: Buffer) => server.write(chunk))

    function spoil(flight: Buffer, of: typeof version): Buffer | null {
      const records = recordsIn(flight)
      // TLS 1.2: ServerHello and Certificate; TLS 1.3: all but the last, which is Finished.
      const kept = of === 'TLS 1.2' ? records.slice(0, 2) : records.slice(0, -1)
      const next = Buffer.from(records[kept.length]!)
      // In ServerKeyExchange the signature comes last.
      next[next.length - 1]! ^= 1
      if (ending === 'wrong signature' || ending === 'garbage')
        return Buffer.concat([...kept, next, ...records.slice(kept.length + 1)])
      client.write(Buffer.concat(ending === 'alert' ? [...kept, fatal(80)] : kept))
      if (ending === 'close' || ending === 'alert') client.end()
      // What was written must have left before the reset throws it away.
      if (ending === 'reset') setTimeout(() => client.resetAndDestroy(), 50)
      return null
    }
  })
}

/** A connection to `port` whose answers go to the client, the first of them as `change` makes it (null: dropped). */
function joined(
  client: Socket,
  port: number,
  change: (flight: Buffer) => Buffer | null = (flight) => flight,
): Socket {
  const server = connect(port, '127.0.0.1')
  let isFirst = true
  server.on('error', () => client.destroy()).on('end', () => client.end())
  server.on('data', (chunk: Buffer) => {
    const bytes = isFirst ? change(chunk) : chunk
    isFirst = false
    if (bytes && client.writable) client.write(bytes)
  })
  client.on('close', () => server.destroy())
  return server
}

const isTls13 = (flight: Buffer): boolean =>
  flight.subarray(0, 140).includes(Buffer.from([0, 43, 0, 2, 3, 4]))

function recordsIn(flight: Buffer): readonly Buffer[] {
  const records: Buffer[] = []
  for (let at = 0; at < flight.length; at += 5 + flight.readUInt16BE(at + 3))
    records.push(flight.subarray(at, at + 5 + flight.readUInt16BE(at + 3)))
  return records
}
