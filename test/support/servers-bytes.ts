import { connect } from 'node:net'
import { rawServer } from './odd-servers.js'

/** Server messages by hand, for servers that no program would be. */

const u16 = (value: number): number[] => [value >> 8, value & 0xff]
const u24 = (value: number): number[] => [value >> 16, ...u16(value & 0xffff)]

export const record = (type: number, content: Uint8Array | readonly number[], version = 0x0303): Buffer =>
  Buffer.from([type, ...u16(version), ...u16(content.length), ...content])
export const message = (type: number, body: Uint8Array | readonly number[]): Buffer =>
  Buffer.from([type, ...u24(body.length), ...body])
export const alert = (level: number, code: number, version = 0x0303): Buffer =>
  record(21, [level, code], version)

export interface HelloFields {
  readonly version?: number
  readonly random?: Uint8Array
  readonly sessionId?: Uint8Array
  readonly suite?: number
  readonly compression?: number
  readonly extensions?: readonly (readonly [type: number, octets: Uint8Array | readonly number[]])[]
}

/** A ServerHello message; by default TLS 1.2 with ECDHE-RSA-AES128-GCM-SHA256 and no extensions. */
export function serverHello(fields: HelloFields = {}): Buffer {
  const extensions = (fields.extensions ?? []).flatMap(([type, octets]) => [
    ...u16(type),
    ...u16(octets.length),
    ...octets,
  ])
  const sessionId = fields.sessionId ?? []
  return message(2, [
    ...u16(fields.version ?? 0x0303),
    ...(fields.random ?? Buffer.alloc(32, 7)),
    sessionId.length,
    ...sessionId,
    ...u16(fields.suite ?? 0xc02f),
    fields.compression ?? 0,
    ...(extensions.length > 0 ? [...u16(extensions.length), ...extensions] : []),
  ])
}

/** A Certificate message of TLS 1.2. */
export function certificateMessage(certificates: readonly Uint8Array[]): Buffer {
  const list = certificates.flatMap((der) => [...u24(der.length), ...der])
  return message(11, [...u24(list.length), ...list])
}

/** The session id in a ClientHello record, which a TLS 1.3 server must echo. */
export const sessionIdOf = (hello: Buffer): Buffer => {
  const start = 5 + 4 + 2 + 32
  return hello.subarray(start + 1, start + 1 + hello[start]!)
}

/** A port that relays to another one and changes what the server says; `change` gets the whole stream's position. */
export function relay(
  port: number,
  change: (chunk: Buffer, position: number) => { readonly bytes: Buffer; readonly close?: boolean },
): ReturnType<typeof rawServer> {
  return rawServer((client) => {
    const server = connect(port, '127.0.0.1')
    let position = 0
    server.on('error', () => client.destroy())
    server.on('data', (chunk) => {
      const { bytes, close } = change(chunk, position)
      position += chunk.length
      if (client.writable) client.write(bytes)
      if (close) client.end()
    })
    server.on('end', () => client.end())
    client.on('data', (chunk) => server.writable && server.write(chunk))
    client.on('close', () => server.destroy())
  })
}
