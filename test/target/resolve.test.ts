import { expect, it } from 'vitest'
import { resolveEndpoints } from '../../src/target/resolve.js'
import { parseServerAddress, parseTarget } from '../../src/farm/target.js'

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
