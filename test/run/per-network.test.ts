import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { live } from '../../src/network/live/live.js'
import { networkOf, perNetwork } from '../../src/run/per-network.js'
import { generalShape } from '../../src/tls/shapes.js'
import { closedPort } from '../support/odd-servers.js'

it.each([
  ['192.0.2.17', '192.0.2'],
  ['10.1.2.3', '10.1.2'],
  ['2001:db8:a:b::1', '2001:db8:a'],
  ['2001:db8:a:c::', '2001:db8:a'],
  ['2001:DB8:000a::1', '2001:db8:a'],
  ['2001:db8::a:1', '2001:db8:0'],
  ['::2', '0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0'],
  ['127.4.5.6', null],
  ['::1', null],
])('%s is in %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

/** Connects to each address, one moment each; the most at once. */
async function mostAtOnce(addresses: readonly string[], limit: number): Promise<number> {
  const connecting = perNetwork(limit)
  let now = 0
  let most = 0
  await Promise.all(
    addresses.map((address) =>
      connecting(address, async () => {
        most = Math.max(most, ++now)
        await wait(5)
        now--
      }),
    ),
  )
  return most
}
const hosts = (network: string) => Array.from({ length: 20 }, (_, n) => `${network}${n + 1}`)

it('one network gets no more than its share, several have one each, loopback has no limit', async () => {
  expect(await mostAtOnce(hosts('192.0.2.'), 3)).toBe(3)
  expect(await mostAtOnce(hosts('2001:db8::'), 3)).toBe(3)
  expect(await mostAtOnce([...hosts('192.0.2.'), ...hosts('198.51.100.')], 3)).toBe(6)
  expect(await mostAtOnce(hosts('127.0.0.'), 3)).toBe(20)
})

it('who is silent for a second does not shut out the neighbours', async () => {
  const connecting = perNetwork(1)
  let answer = (): void => {}
  const silent = connecting('192.0.2.1', () => new Promise<void>((done) => (answer = done)))
  const start = performance.now()
  expect(await connecting('192.0.2.2', async () => 'seen')).toBe('seen')
  expect(performance.now() - start).toBeLessThan(2_000)
  answer()
  await silent
})

it('every connection of the live network waits for its turn', async () => {
  const turns: string[] = []
  const network = live({
    timeoutMs: 500,
    proxy: null,
    offline: true,
    aiaAllowPrivate: false,
    signal: null,
    retries: 1,
    connecting: (address, connect) => {
      turns.push(address)
      return connect()
    },
  })
  const at = { address: '127.0.0.1', port: await closedPort(), serverName: null }
  expect(await network.probe(at, generalShape, 0)).toMatchObject({ kind: 'unreachable' })
  // The pause before the second try is nobody's turn.
  expect(turns).toEqual(['127.0.0.1', '127.0.0.1'])
})

it('a failure makes room', async () => {
  const connecting = perNetwork(1)
  await expect(connecting('192.0.2.1', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await connecting('192.0.2.2', async () => 1)).toBe(1)
})
