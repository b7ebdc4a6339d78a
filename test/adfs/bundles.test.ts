import { describe, expect, it } from 'vitest'
import { planOf } from '../../src/adfs/plan.js'
import { recipes } from '../../src/adfs/recipes/recipes.js'
import { kitOf } from '../../src/kit/plan.js'
import { chainSeenByOpenssl, has, type RunningServer, startProgram, Workspace } from '../support/peers.js'
import { added, asked, farmOf, finding, mint, read } from './farm.js'

/** The kit's bundle as the recipe says it, in the program that it is for. */

const root = mint({ subject: 'Root', ca: true, key: 'rsa-2048' })
const ca = mint({ subject: 'Issuing CA', issuer: root, ca: true, key: 'rsa-2048' })
const leaf = mint({ subject: 'sts.contoso.test', issuer: ca, names: ['sts.contoso.test'], key: 'rsa-2048' })
const machine = {
  address: '203.0.113.10',
  presented: [read(leaf)],
  repair: { add: [added(read(ca), read(leaf))], chain: [read(leaf), read(ca)] },
}
const farm = farmOf([machine])
const plan = planOf(
  [
    finding(
      'intermediate-missing',
      [machine],
      [{ verb: 'import', certificates: [read(ca).sha256], store: 'CA' }],
    ),
  ],
  farm,
  asked,
)
const kit = kitOf({ farm, plan, asked, version: '0.1.0', server: null })!
const fullchain = kit.files.find(({ path }) => path === 'fullchain.pem')!.contents

type Start = (workspace: Workspace) => Promise<RunningServer>
const starts: Record<string, Start> = {
  nginx: (workspace) => {
    const chain = workspace.write('fullchain.pem', fullchain)
    const key = workspace.write('key.pem', leaf.keyPem)
    const conf = (port: number) =>
      workspace.write(
        'nginx.conf',
        `daemon off; master_process off; pid pid; error_log stderr; events {}
http { access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
server { listen 127.0.0.1:${port} ssl; ssl_certificate ${chain}; ssl_certificate_key ${key}; } }`,
      )
    return startProgram('nginx', (port) => ['-c', conf(port), '-p', workspace.path], workspace)
  },
  haproxy: (workspace) => {
    const pem = workspace.write('both.pem', Buffer.concat([fullchain, Buffer.from(leaf.keyPem)]))
    const conf = (port: number) =>
      workspace.write(
        'haproxy.cfg',
        `defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s
frontend f\n bind 127.0.0.1:${port} ssl crt ${pem}\n default_backend b\nbackend b\n server s 127.0.0.1:1\n`,
      )
    return startProgram('haproxy', (port) => ['-db', '-f', conf(port)], workspace)
  },
}

describe('the recipe of', () => {
  it.each(Object.keys(starts).filter(has))('%s serves the whole chain', async (program) => {
    expect(recipes[program as 'nginx'].tried).not.toBeNull()
    const server = await starts[program]!(new Workspace())
    try {
      expect(await chainSeenByOpenssl(server.port, 'sts.contoso.test')).toEqual(
        [leaf, ca].map(({ der }) => Buffer.from(der)),
      )
    } finally {
      await server.stop()
    }
  })
})
