import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { type Issued, issue } from '../src/demo/authority.js'

/**
 * Every loopback address as a server of its own, with a certificate of its own: a list of real servers has no two alike, and
 * what is remembered of each must not add up. Writes its root where it is told and prints its port; ends with its input.
 */
const at = new Date()
const root = issue({ at, subject: 'List Root', key: 'rsa-2048', ca: true })
const ca = issue({ at, subject: 'List CA', key: 'rsa-2048', ca: true, issuer: root })
writeFileSync(process.argv[2]!, root.pem)

/** Those in use: each is asked a few times at once, and then no more. */
const contexts = new Map<string, SecureContext>()
function contextOf(address: string): SecureContext {
  const known = contexts.get(address)
  if (known) return known
  const leaf: Issued = issue({ at, subject: address, keyName: 'all', issuer: ca, names: [address] })
  const context = createSecureContext({ cert: leaf.pem + ca.pem, key: leaf.keyPem })
  contexts.set(address, context)
  if (contexts.size > 512) contexts.delete(contexts.keys().next().value!)
  return context
}

const server = createServer((socket) => {
  const secureContext = contextOf(socket.localAddress!.replace('::ffff:', ''))
  const secure = new TLSSocket(socket, { isServer: true, secureContext })
  secure.on('error', () => socket.destroy()).resume()
  secure.on('end', () => secure.end())
})
server.listen({ port: 0, host: '0.0.0.0', backlog: 1_024 })
await once(server, 'listening')
console.log((server.address() as AddressInfo).port)
process.stdin.on('end', () => process.exit(0)).resume()
