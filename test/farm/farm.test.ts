import { describe, expect, it } from 'vitest'
import { farmOf, maxServers } from '../../src/farm/farm.js'
import { resolve } from '../../src/network/live/resolve.js'
import type { Network, Resolution } from '../../src/network/network.js'
import { askedOf } from '../../src/run/options.js'

const live: Pick<Network, 'resolve'> = { resolve: (host, family) => resolve(host, family, 5_000) }
const saying = (answer: (host: string) => Resolution): Pick<Network, 'resolve'> => ({
  resolve: async (host) => answer(host),
})
const nobody = saying(() => {
  throw new Error('nobody is to be asked')
})
const addresses = (count: number, net = '198.51', left = 0): Resolution => ({
  kind: 'found',
  addresses: Array.from({ length: count }, (_, n) => `${net}.${n >> 8}.${n & 255}`),
  left,
})

describe('the servers of a farm', () => {
  it('are those listed, each once, asked for by the name of the target; DNS is not asked', async () => {
    const servers = ['192.0.2.1', '192.0.2.2:8443', '192.0.2.1:443']
    const { subjects, unresolved } = await farmOf(askedOf('STS.contoso.test', { servers }), nobody)
    expect(subjects.map(({ id }) => id)).toEqual([
      'sts.contoso.test@192.0.2.1:443',
      'sts.contoso.test@192.0.2.2:8443',
    ])
    expect(unresolved).toEqual([])
  })

  it('has no name to send where the target is an address', async () => {
    const { subjects, name } = await farmOf(askedOf('127.0.0.1:8443', {}), nobody)
    expect([subjects.map(({ id }) => id), name]).toEqual([['127.0.0.1:8443'], null])
  })

  it('keep the name that they were given by', async () => {
    const farm = await farmOf(
      askedOf('sts.contoso.test', { servers: ['node1.contoso.test:444'] }),
      saying(() => addresses(2, '10.0')),
    )
    expect(farm.subjects.map(({ node, port }) => [node.label, node.address, port])).toEqual([
      ['node1.contoso.test', '10.0.0.0', 444],
      ['node1.contoso.test', '10.0.0.1', 444],
    ])
  })

  it('are all that are named, however many', async () => {
    const servers = Array.from({ length: maxServers }, (_, n) => `192.0.${n >> 8}.${n & 255}`)
    expect((await farmOf(askedOf('sts.contoso.test', { servers }), nobody)).subjects).toHaveLength(maxServers)
    await expect(
      farmOf(askedOf('sts.contoso.test', { servers: [...servers, '192.1.0.1'] }), nobody),
    ).rejects.toThrow(/at most 4096/)
  })
})

describe('what could not be looked at stays in the farm', () => {
  it('a name that does not exist', async () => {
    const { subjects, unresolved } = await farmOf(askedOf('nosuch.invalid', {}), live)
    expect(subjects).toEqual([])
    expect(unresolved).toMatchObject([{ host: 'nosuch.invalid' }])
    expect(['not-found', 'failed', 'timed-out']).toContain(unresolved[0]!.reason)
  })

  it('a name without an address of the family asked for', async () => {
    const [both, four] = await Promise.all(
      [null, 4 as const].map((family) => resolve('localhost', family, 5_000)),
    )
    if (both?.kind !== 'found' || four?.kind !== 'found') throw new Error('localhost is not known')
    expect(both.addresses.length).toBeGreaterThanOrEqual(four.addresses.length)
    expect(four.addresses).toEqual(['127.0.0.1'])
    const failed = await farmOf(
      askedOf('sts.contoso.test', { family: 6 }),
      saying(() => ({ kind: 'failed', reason: 'no-address-of-family', detail: 'it has no IPv6 address' })),
    )
    expect(failed.unresolved).toEqual([
      { host: 'sts.contoso.test', reason: 'no-address-of-family', detail: 'it has no IPv6 address' },
    ])
  })

  it('addresses beyond those that are looked at', async () => {
    const { subjects, unresolved } = await farmOf(
      askedOf('sts.contoso.test', {}),
      saying(() => addresses(256, '198.51', 744)),
    )
    expect(subjects).toHaveLength(256)
    expect(unresolved).toEqual([
      {
        host: 'sts.contoso.test',
        reason: 'too-many-addresses',
        detail: '744 more addresses were not looked at',
      },
    ])
  })

  it('what is beyond the bound on all names together, told of each name that suffers', async () => {
    let net = 0
    const { subjects, unresolved } = await farmOf(
      askedOf('sts.contoso.test', {
        servers: Array.from({ length: 17 }, (_, n) => `node${n}.contoso.test`),
      }),
      saying(() => addresses(256, `10.${net++}`)),
    )
    expect(subjects).toHaveLength(maxServers)
    expect(unresolved).toMatchObject([{ host: 'node16.contoso.test', reason: 'too-many-addresses' }])
  })
})
