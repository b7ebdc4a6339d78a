import { expect, it } from 'vitest'
import { parseServerAddress, parseTarget } from '../../src/farm/target.js'
import { resolveEndpoints } from '../../src/target/resolve.js'

const options = { servers: [], family: null, timeoutMs: 5_000 }

it('asks every listed server instead of DNS, with the target as server name', async () => {
  const servers = ['192.0.2.1', '192.0.2.2:8443', '192.0.2.1:443'].map(parseServerAddress)
  expect(await resolveEndpoints(parseTarget('sts.contoso.test'), { ...options, servers })).toEqual({
    endpoints: [
      { address: '192.0.2.1', port: 443, serverName: 'sts.contoso.test' },
      { address: '192.0.2.2', port: 8443, serverName: 'sts.contoso.test' },
    ],
    failures: [],
  })
})

it('sends no server name for an address', async () => {
  const { endpoints } = await resolveEndpoints(parseTarget('127.0.0.1:8443'), options)
  expect(endpoints).toEqual([{ address: '127.0.0.1', port: 8443, serverName: null }])
})

it('says that a name does not exist', async () => {
  const { endpoints, failures } = await resolveEndpoints(parseTarget('nosuch.invalid'), options)
  expect(endpoints).toEqual([])
  expect(failures).toMatchObject([{ host: 'nosuch.invalid' }])
  expect(['not-found', 'failed', 'timed-out']).toContain(failures[0]!.reason)
})

it('says that a name has no address of the family asked for', async () => {
  const servers = [parseServerAddress('localhost')]
  const both = await resolveEndpoints(parseTarget('sts.contoso.test'), { ...options, servers })
  const four = await resolveEndpoints(parseTarget('sts.contoso.test'), { ...options, servers, family: 4 })
  expect(both.endpoints.length).toBeGreaterThanOrEqual(four.endpoints.length)
  expect(four.endpoints.every(({ address }) => address === '127.0.0.1')).toBe(true)
})

const many = (count: number) => async () =>
  Array.from({ length: count }, (_, n) => ({ address: `198.51.${n >> 8}.${n & 255}`, family: 4 }))

it('checks every server that is named, however many', async () => {
  const servers = Array.from({ length: 1_000 }, (_, n) => parseServerAddress(`192.0.${n >> 8}.${n & 255}`))
  const { endpoints, failures } = await resolveEndpoints(parseTarget('sts.contoso.test'), {
    ...options,
    servers,
  })
  expect([endpoints.length, failures]).toEqual([1_000, []])
})

it('says how many addresses of a name it leaves out', async () => {
  const { endpoints, failures } = await resolveEndpoints(parseTarget('sts.contoso.test'), {
    ...options,
    lookup: many(1_000),
  })
  expect(endpoints).toHaveLength(256)
  expect(failures).toEqual([
    { host: 'sts.contoso.test', reason: 'too-many-addresses', detail: '744 of 1000 were left out' },
  ])
  const exact = await resolveEndpoints(parseTarget('sts.contoso.test'), { ...options, lookup: many(256) })
  expect([exact.endpoints.length, exact.failures]).toEqual([256, []])
})

it('holds a bound on all names together, and says so of each that suffers', async () => {
  let base = 0
  const { endpoints, failures } = await resolveEndpoints(parseTarget('sts.contoso.test'), {
    ...options,
    servers: Array.from({ length: 17 }, (_, n) => parseServerAddress(`node${n}.contoso.test`)),
    lookup: async () => {
      const own = base++
      return Array.from({ length: 256 }, (_, n) => ({ address: `10.1.${own}.${n}`, family: 4 }))
    },
  })
  expect(endpoints).toHaveLength(4_096)
  expect(failures).toMatchObject([{ host: 'node16.contoso.test', reason: 'too-many-addresses' }])
})
