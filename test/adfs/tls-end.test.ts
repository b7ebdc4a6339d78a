import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { choosing, extensionsIn } from '../support/altering.js'
import { certificateOf } from '../support/certificate-of.js'
import { checkPorts } from '../support/checked.js'
import { has, type RunningServer, startProgram, Workspace } from '../support/peers.js'
import { tlsServer } from '../support/tls-server.js'

/** What is seen of who ends TLS, of real servers. */

const name = 'sts.contoso.test'
const root = issue({ subject: 'Root', ca: true })
const ca = issue({ subject: 'Issuing', issuer: root, ca: true })
const leaf = issue({ subject: name, issuer: ca, names: [name] })
const renewed = issue({
  subject: name,
  issuer: ca,
  names: [name],
  notAfter: new Date('2031-01-01T00:00:00Z'),
})
const otherKey = issue({ subject: `${name} new key`, issuer: ca, names: [name] })
const options = { trustAnchors: [certificateOf(root)], offline: true }

const closers: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(closers.map((close) => close())))

async function serving(list: Parameters<typeof tlsServer>[0]): Promise<number> {
  const { port, close } = await tlsServer(list)
  closers.push(close)
  return port
}

/** Another address with the same port, which leads to `to`. */
async function besides(port: number, to: number): Promise<string> {
  const server = createServer((client) => {
    const onward = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const)
      one.on('error', () => other.destroy()).pipe(other)
  })
  server.listen(port, '127.0.0.2')
  await once(server, 'listening')
  closers.push(async () => server.close())
  return `127.0.0.2:${port}`
}

const signsOf = async (ports: readonly number[], more: Parameters<typeof checkPorts>[2] = {}) => {
  const { subjects } = await checkPorts(name, ports, { ...options, ...more })
  return subjects.map(({ tlsEnd }) => tlsEnd!.signs.map(({ kind }) => kind))
}

it('a server that answers without a name, and one that is reset', async () => {
  const port = await serving([leaf, ca])
  expect(await signsOf([port])).toEqual([['answers-without-name']])
  const front = await choosing((hello) => (extensionsIn(hello).includes(0) ? port : 'reset'))
  closers.push(front.close)
  expect(await signsOf([front.port])).toEqual([['resets-without-name']])
})

it('a root in the list', async () => {
  const port = await serving([leaf, ca, root])
  const { subjects } = await checkPorts(name, [port], options)
  expect(subjects[0]!.tlsEnd).toMatchObject({
    said: null,
    signs: [{ kind: 'answers-without-name' }, { kind: 'root-sent', certificate: certificateOf(root).sha256 }],
  })
})

describe('the same name at two addresses', () => {
  it.each([
    ['nothing where all is equal', [leaf, ca], []],
    ['another list', [leaf], ['other-list-elsewhere']],
    ['another certificate of the same key', [renewed, ca], ['other-certificate-elsewhere']],
    ['another key', [otherKey, ca], ['other-key-elsewhere']],
  ] as const)('%s', async (_, list, signs) => {
    const port = await serving([leaf, ca])
    const servers = [`127.0.0.1:${port}`, await besides(port, await serving(list))]
    const { subjects } = await checkPorts(name, [], { ...options, servers })
    for (const [index, { tlsEnd }] of subjects.entries()) {
      const found = tlsEnd!.signs.filter(({ kind }) => kind.endsWith('-elsewhere'))
      expect(found.map(({ kind }) => kind)).toEqual(signs)
      for (const { others } of found) expect(others).toEqual([subjects[1 - index]!.id])
    }
  })

  it('a server that differs from connection to connection is no measure', async () => {
    const ports = [await serving([leaf, ca]), await serving([leaf])]
    let turn = 0
    const front = await choosing(() => ports[turn++ % 2]!)
    closers.push(front.close)
    const servers = [`127.0.0.1:${front.port}`, await besides(front.port, ports[0]!)]
    const signs = await signsOf([], { servers })
    expect(signs.flat().filter((kind) => kind.endsWith('-elsewhere'))).toEqual([])
  })
})

it('what the operator said is kept beside what was seen', async () => {
  const report = await checkPorts(name, [await serving([leaf, ca, root])], { ...options, tlsEndsAt: 'wap' })
  expect(report.subjects[0]).toMatchObject({ role: 'wap', tlsEnd: { said: 'wap' } })
  expect(report.asked).toEqual([
    '--tls-ends-at',
    'wap',
    '--timeout',
    '5',
    '--trust-anchor',
    'trustAnchors',
    '--offline',
  ])
})

/** The devices that are here, as they come and set to refuse. */
const started: Record<string, (workspace: Workspace, refuses: boolean) => Promise<RunningServer>> = {
  nginx: (workspace, refuses) => {
    const chain = workspace.write('chain.pem', leaf.pem + ca.pem)
    const key = workspace.write('key.pem', leaf.keyPem)
    const conf = (port: number) =>
      workspace.write(
        'nginx.conf',
        `daemon off; master_process off; pid pid; error_log stderr; events {}
http { access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
${refuses ? `server { listen 127.0.0.1:${port} ssl default_server; ssl_reject_handshake on; }` : ''}
server { listen 127.0.0.1:${port} ssl; server_name ${name}; ssl_certificate ${chain}; ssl_certificate_key ${key}; } }`,
      )
    return startProgram('nginx', (port) => ['-c', conf(port), '-p', workspace.path], workspace)
  },
  haproxy: (workspace, refuses) => {
    const pem = workspace.write('both.pem', leaf.pem + ca.pem + leaf.keyPem)
    const conf = (port: number) =>
      workspace.write(
        'haproxy.cfg',
        `defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s
frontend f\n bind 127.0.0.1:${port} ssl crt ${pem}${refuses ? ' strict-sni' : ''}\n default_backend b\nbackend b\n server s 127.0.0.1:1\n`,
      )
    return startProgram('haproxy', (port) => ['-db', '-f', conf(port)], workspace)
  },
}

describe.each(Object.keys(started).filter(has))('%s', (program) => {
  it.each([
    [false, 'answers-without-name'],
    [true, 'alerts-without-name'],
  ] as const)('set to refuse what has no name: %s', async (refuses, sign) => {
    const server = await started[program]!(new Workspace(), refuses)
    closers.push(server.stop)
    expect(await signsOf([server.port])).toEqual([[sign]])
  })
})
