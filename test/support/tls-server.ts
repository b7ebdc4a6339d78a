import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import type { Issued } from '../../src/demo/authority.js'

/** A TLS server on loopback that sends exactly `chain`, whose first entry's key it holds. Speaks TLS 1.0 to 1.3. */
export async function tlsServer(
  chain: readonly Issued[],
  options: TlsOptions = {},
  staple?: Uint8Array,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer(
    {
      key: chain[0]!.keyPem,
      cert: chain.map(({ pem }) => pem).join(''),
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      ...options,
    },
    (socket) => socket.on('error', () => socket.destroy()).end(),
  )
  if (staple) server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, Buffer.from(staple)))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((done) => server.close(() => done())),
  }
}
