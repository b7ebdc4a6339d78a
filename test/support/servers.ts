import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import tls from 'node:tls'
import type { Issued } from '../../src/demo/authority.js'
import { type RunningServer, startProgram, Workspace } from './peers.js'

export type Protocol = 'TLS 1.0' | 'TLS 1.1' | 'TLS 1.2' | 'TLS 1.3'

/** One TLS server, whatever program it runs in. */
export interface ServerSetup {
  readonly leaf: Issued
  /** What follows the leaf in the Certificate message, DER. */
  readonly rest: readonly Uint8Array[]
  readonly protocol: Protocol
  /** OpenSSL cipher string up to TLS 1.2 (a GnuTLS priority for gnutls-serv). */
  readonly ciphers?: string
  /** TLS 1.3 suites, OpenSSL names. */
  readonly suites?: string
  /** Groups, OpenSSL names. */
  readonly groups?: string
  readonly requireClientCertificate?: boolean
  /** OCSP response to staple. */
  readonly staple?: Uint8Array
  /** SignedCertificateTimestampList to send (`openssl` only). */
  readonly timestamps?: Uint8Array
  readonly alpn?: string
  /** More arguments for the program. */
  readonly extra?: readonly string[]
}

export type Launcher = (setup: ServerSetup) => Promise<RunningServer>

export const pemOf = (der: Uint8Array): string => new X509Certificate(der).toString()
const chainPem = (setup: ServerSetup): string => [setup.leaf.der, ...setup.rest].map(pemOf).join('')
const anyCipher = 'ALL:@SECLEVEL=0'
const dotted = (protocol: Protocol): string => protocol.replace('TLS ', 'TLSv')
/** OpenSSL's configuration value: `TLSv1`, `TLSv1.1`, … */
const openSslName = (protocol: Protocol): string => dotted(protocol).replace('1.0', '1')

/** Node's own server, in this process. */
export const startNode: Launcher = async (setup) => {
  const version = openSslName(setup.protocol) as tls.SecureVersion
  const server = tls.createServer({
    cert: chainPem(setup),
    key: setup.leaf.keyPem,
    minVersion: version,
    maxVersion: version,
    ciphers: setup.suites ?? setup.ciphers ?? anyCipher,
    ...(setup.groups ? { ecdhCurve: setup.groups } : {}),
    ...(setup.requireClientCertificate ? { requestCert: true, rejectUnauthorized: true } : {}),
    ...(setup.alpn ? { ALPNProtocols: [setup.alpn] } : {}),
  })
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => {})
  })
  server.on('secureConnection', (socket) => socket.on('error', () => {}))
  server.on('OCSPRequest', (_certificate, _issuer, answer) =>
    answer(null, setup.staple ? Buffer.from(setup.staple) : (null as unknown as Buffer)),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { port: (server.address() as AddressInfo).port, output: () => '', stop }
}

export const startOpenssl: Launcher = (setup) => {
  const files = new Workspace()
  const rest = setup.rest.map(pemOf).join('')
  const option = (name: string, value: string | undefined): string[] => (value ? [name, value] : [])
  const list = setup.timestamps
  // Context flags first: in ClientHello, answered in ServerHello of TLS 1.2 and in Certificate of TLS 1.3.
  const serverInfo =
    list && Buffer.concat([Buffer.of(0, 0, 0x11, 0xc0, 0, 18, list.length >> 8, list.length & 0xff), list])
  return startProgram(
    'openssl',
    (port) => [
      's_server',
      '-quiet',
      '-accept',
      `127.0.0.1:${port}`,
      '-cert',
      files.write('leaf.pem', pemOf(setup.leaf.der)),
      '-key',
      files.write('key.pem', setup.leaf.keyPem),
      ...(rest ? ['-cert_chain', files.write('rest.pem', rest)] : []),
      '-min_protocol',
      openSslName(setup.protocol),
      '-max_protocol',
      openSslName(setup.protocol),
      '-cipher',
      setup.ciphers ?? anyCipher,
      ...option('-ciphersuites', setup.suites),
      ...option('-groups', setup.groups),
      ...option('-alpn', setup.alpn),
      ...(setup.requireClientCertificate ? ['-Verify', '1'] : []),
      ...(setup.staple ? ['-status_file', files.write('staple.der', setup.staple)] : []),
      ...(serverInfo
        ? ['-serverinfo', files.write('info.pem', pemBlock('SERVERINFOV2 FOR SCT', serverInfo))]
        : []),
      ...(setup.extra ?? []),
    ],
    files,
  )
}

const pemBlock = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`

export const startNginx: Launcher = (setup) => {
  const files = new Workspace()
  const chain = files.write('chain.pem', chainPem(setup))
  const key = files.write('key.pem', setup.leaf.keyPem)
  const directives = [
    `ssl_certificate ${chain};`,
    `ssl_certificate_key ${key};`,
    `ssl_protocols ${openSslName(setup.protocol)};`,
    `ssl_ciphers ${setup.ciphers ?? anyCipher};`,
    ...(setup.groups ? [`ssl_ecdh_curve ${setup.groups};`] : []),
    ...(setup.requireClientCertificate
      ? ['ssl_verify_client on;', `ssl_client_certificate ${files.write('ca.pem', pemOf(setup.leaf.der))};`]
      : []),
    ...(setup.staple
      ? ['ssl_stapling on;', `ssl_stapling_file ${files.write('staple', setup.staple)};`]
      : []),
  ]
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${files.path};`)
    .join(' ')
  const configuration = (port: number): string => `
    daemon off; master_process off; pid ${files.path}/pid; error_log stderr info;
    events {}
    http {
      access_log off; ${temporary}
      server { listen 127.0.0.1:${port} ssl; ${directives.join(' ')} location / { return 200 'ok'; } }
    }`
  return startProgram(
    'nginx',
    (port) => ['-p', files.path, '-c', files.write('nginx.conf', configuration(port))],
    files,
  )
}

export const startGnutls: Launcher = (setup) => {
  const files = new Workspace()
  const priority =
    setup.ciphers ?? `NORMAL:%COMPAT:-VERS-ALL:+VERS-${dotted(setup.protocol).replace('v', '').toUpperCase()}`
  return startProgram(
    'gnutls-serv',
    (port) => [
      '--echo',
      '--port',
      String(port),
      '--x509certfile',
      files.write('chain.pem', chainPem(setup)),
      '--x509keyfile',
      files.write('key.pem', setup.leaf.keyPem),
      '--priority',
      priority,
      setup.requireClientCertificate ? '--require-client-cert' : '--disable-client-cert',
      ...(setup.staple
        ? ['--ocsp-response', files.write('staple.der', setup.staple), '--ignore-ocsp-response-errors']
        : []),
      ...(setup.extra ?? []),
    ],
    files,
  )
}

export const startHaproxy: Launcher = (setup) => {
  const files = new Workspace()
  const pem = files.write('site.pem', `${chainPem(setup)}${setup.leaf.keyPem}`)
  const version = dotted(setup.protocol)
  const clients = setup.requireClientCertificate
    ? ` verify required ca-file ${files.write('ca.pem', pemOf(setup.leaf.der))}`
    : ''
  const configuration = (port: number): string => `
defaults
  mode http
  timeout client 10s
  timeout connect 10s
  timeout server 10s
frontend site
  bind 127.0.0.1:${port} ssl crt ${pem} ssl-min-ver ${version} ssl-max-ver ${version} ciphers ${setup.ciphers ?? anyCipher}${clients}
  http-request deny
`
  return startProgram(
    'haproxy',
    (port) => ['-db', '-f', files.write('haproxy.cfg', configuration(port))],
    files,
  )
}

export const startStunnel: Launcher = (setup) => {
  const files = new Workspace()
  const configuration = (port: number): string => `
foreground = yes
pid =
[site]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:9
cert = ${files.write('chain.pem', chainPem(setup))}
key = ${files.write('key.pem', setup.leaf.keyPem)}
sslVersion = ${openSslName(setup.protocol)}
ciphers = ${setup.ciphers ?? anyCipher}
`
  return startProgram('stunnel4', (port) => [files.write('stunnel.conf', configuration(port))], files)
}
