import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { realmOf } from '../../src/farm/realm.js'
import type { FetchOutcome } from '../../src/network/network.js'
import { runCli } from '../support/run-cli.js'
import { tlsServer } from '../support/tls-server.js'

/** Microsoft as far as it is asked, and DNS that leads every name to loopback; connections are real. */
const outside = vi.hoisted(() => ({
  realms: {} as Record<string, object>,
  asked: [] as string[],
  names: [] as string[],
}))
vi.mock('../../src/network/live/live.js', async (original) => {
  const { live } = await original<typeof import('../../src/network/live/live.js')>()
  return {
    live: (options: Parameters<typeof live>[0]): ReturnType<typeof live> => ({
      ...live(options),
      resolve: async (host) => {
        outside.names.push(host)
        return host.startsWith('certauth.')
          ? { kind: 'failed', reason: 'not-found', detail: 'ENOTFOUND' }
          : { kind: 'found', addresses: ['127.0.0.1'], left: 0 }
      },
      fetch: async ({ url }) => {
        outside.asked.push(url)
        const domain = /%40([^&]+)/.exec(url)?.[1] ?? ''
        const body = Buffer.from(JSON.stringify(outside.realms[domain] ?? { NameSpaceType: 'Unknown' }))
        return { kind: 'fetched', body, redirects: [] }
      },
    }),
  }
})

const at = new Date('2026-11-24T12:00:00Z')
const leaf = issue({
  subject: 'sts.contoso.com',
  names: ['sts.contoso.com', 'sts.fabrikam.com', 'enterpriseregistration.contoso.com'],
  notBefore: new Date('2026-11-01'),
  notAfter: new Date('2027-11-01'),
})
const server = await tlsServer([leaf])
afterAll(() => server.close())
const federated = (host: string, path = '/adfs/ls/?username=x') => ({
  NameSpaceType: 'Federated',
  AuthURL: `https://${host}:${server.port}${path}`,
})
beforeEach(() => {
  outside.asked.length = 0
  outside.names.length = 0
  outside.realms = { 'contoso.com': federated('sts.contoso.com'), 'cloud.test': { NameSpaceType: 'Managed' } }
})

async function cli(...args: string[]) {
  const { code, out, err } = await runCli([...args, '--no-proxy', '--timeout', '3'], { now: at })
  return { code, out, err: err.replace(/\s+/g, ' ') }
}

describe('adfs-check user@contoso.com', () => {
  it('checks the federation service of the domain and the registration of its devices; only the domain leaves', async () => {
    const { code, out, err } = await cli('jane.doe@Contoso.com')
    expect(code).toBe(2)
    expect(out).toContain(`sts.contoso.com:${server.port} REFUSED`.replace(' ', '   '))
    expect(out).toContain('under 2 names')
    expect(err).toContain(
      'asking Microsoft (login.microsoftonline.com) where contoso.com signs in; only the domain',
    )
    expect(outside.asked).toEqual([
      'https://login.microsoftonline.com/getuserrealm.srf?login=adfs-check%40contoso.com&json=1',
    ])
    expect(JSON.stringify(outside)).not.toContain('jane')
    expect(outside.names).toContain('enterpriseregistration.contoso.com')
    expect(out).toContain(`adfs-check sts.contoso.com:${server.port} --upn-suffix contoso.com --timeout 3`)
  })

  it('asks nobody with --offline, and says what to name instead', async () => {
    const { code, err } = await cli('jane@contoso.com', '--offline')
    expect([code, outside.asked]).toEqual([4, []])
    expect(err).toContain('Name the federation service')
  })

  it('says of a managed domain that it is not AD FS, and checks the others', async () => {
    const alone = await cli('jane@cloud.test')
    expect([alone.code, alone.out]).toEqual([3, ''])
    expect(alone.err).toContain('cloud.test is not AD FS: it is a managed domain')
    const both = await cli('jane@cloud.test', 'jane@contoso.com', '--format', 'json')
    expect(both.code).toBe(2)
    expect(JSON.parse(both.out).reports).toHaveLength(1)
    expect((await cli('jane@nowhere.test')).err).toContain('Microsoft does not know nowhere.test')
  })

  it('checks a list beside users whose domain has no federation service', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'adfs-check-users-'))
    const list = join(folder, 'list.txt')
    writeFileSync(list, `sts.contoso.com:${server.port}\n`)
    const { code, out } = await cli('jane@cloud.test', '--targets', list)
    rmSync(folder, { recursive: true })
    expect(code).toBe(2)
    expect(out).toContain('REFUSED')
  })

  it('checks one service once, and leads domains of several to a page', async () => {
    outside.realms['fabrikam.com'] = federated('sts.contoso.com')
    const same = await cli('a@contoso.com', 'b@fabrikam.com', '--format', 'json')
    expect(JSON.parse(same.out).reports).toHaveLength(1)
    expect(same.err).not.toContain('multiple-domains')
    outside.realms['fabrikam.com'] = federated('sts.fabrikam.com', '/app/office365/sso')
    const other = await cli('a@contoso.com', 'b@fabrikam.com', '--format', 'json')
    expect(JSON.parse(other.out).reports).toHaveLength(2)
    expect(other.err).toContain('adfs-check explain multiple-domains')
    expect(other.err).toContain(`https://sts.fabrikam.com/app/office365/sso is none of AD FS`)
  })

  it('leads to the same page where the certificates are in order', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'adfs-check-users-'))
    const root = join(folder, 'root.pem')
    writeFileSync(root, authority.pem)
    const sound = await tlsServer([soundLeaf])
    outside.realms['contoso.com'] = {
      NameSpaceType: 'Federated',
      AuthURL: `https://sts.contoso.com:${sound.port}/adfs/ls/`,
    }
    const { code, err } = await cli('a@contoso.com', '--trust-anchor', root)
    const warned = await cli(
      'a@contoso.com',
      '--trust-anchor',
      root,
      '--warn',
      '360d',
      '--fail-on',
      'critical',
    )
    const shards = await Promise.all(
      ['1/2', '2/2'].map((shard) => cli('a@contoso.com', '--trust-anchor', root, '--shard', shard)),
    )
    const some = await cli('a@contoso.com', 'b@cloud.test', '--trust-anchor', root)
    await sound.close()
    rmSync(folder, { recursive: true })
    expect(code).toBe(0)
    const isSaid = (said: string) => said.includes('the certificates are in order.')
    expect(isSaid(err)).toBe(true)
    // Exit code 0 alone does not say so.
    expect([warned.code, isSaid(warned.err)]).toEqual([0, false])
    expect(shards.map((one) => one.code)).toEqual([0, 0])
    expect(shards.filter((one) => isSaid(one.err))).toHaveLength(1)
    expect([some.code, isSaid(some.err)]).toEqual([3, false])
  })
})

const authority = issue({ subject: 'Contoso Root', ca: true })
const soundLeaf = issue({
  subject: 'sts.contoso.com',
  issuer: authority,
  names: ['sts.contoso.com', 'enterpriseregistration.contoso.com'],
  notBefore: new Date('2026-11-01'),
  notAfter: new Date('2027-11-01'),
})

describe('an answer that is none', () => {
  const fetched = (body: string): FetchOutcome => ({
    kind: 'fetched',
    body: Buffer.from(body),
    redirects: [],
  })
  it.each([
    ['<html>', 'the answer is no JSON'],
    ['null', 'the answer is no object'],
    ['{"NameSpaceType":"Federated"}', 'the answer names no sign-in page'],
    [
      '{"NameSpaceType":"Federated","AuthURL":"http://sts.contoso.com/"}',
      'the sign-in page has no https address',
    ],
    [
      '{"NameSpaceType":"Federated","AuthURL":"https://10.0.0.1/adfs/ls"}',
      'the sign-in page has an address and no name',
    ],
  ])('%s', (body, why) => {
    expect(realmOf(fetched(body))).toEqual({ kind: 'unanswered', why })
  })
  it('or that did not come', () => {
    expect(realmOf({ kind: 'timed-out', timeoutMs: 5, redirects: [] })).toMatchObject({ kind: 'unanswered' })
  })
})
