import { expect, it } from 'vitest'
import type { FetchOutcome, Network } from '../../src/network/network.js'
import { askedOnce, onceLimits } from '../../src/run/asked-once.js'

const options = {
  timeoutMs: 1_000,
  proxy: null,
  offline: false,
  aiaAllowPrivate: false,
  signal: null,
}
/** Answers everything and remembers what it was asked. */
function outside(bytes = 10) {
  const asked: string[] = []
  const network: Network = {
    resolve: async (host) => {
      asked.push(host)
      return { kind: 'found', addresses: ['192.0.2.1'], left: 0 }
    },
    probe: async () => ({ kind: 'interrupted' }),
    fetch: async ({ url }): Promise<FetchOutcome> => {
      asked.push(url)
      return { kind: 'fetched', body: new Uint8Array(bytes), redirects: [] }
    },
  }
  return { asked, network }
}
const url = (n: number) => ({ url: `http://pki.example/${n}.cer`, purpose: 'aia' }) as const

it('no name and no URL is asked twice, whichever farm wants it, and however many at once', async () => {
  const { asked, network } = outside()
  const once = askedOnce()
  const farms = Array.from({ length: 50 }, () => once(network, options))
  await Promise.all(farms.flatMap((farm) => [farm.resolve('sts.example', 4), farm.fetch(url(1))]))
  await farms[0]!.fetch(url(1))
  expect(asked.sort()).toEqual([url(1).url, 'sts.example'])
})

it('what was asked in another way is another question', async () => {
  const { asked, network } = outside()
  const once = askedOnce()
  await once(network, { ...options, offline: true }).fetch(url(1))
  await once(network, options).fetch(url(1))
  await once(network, { ...options, proxy: new URL('http://proxy.example:3128') }).fetch(url(1))
  await once(network, options).resolve('sts.example', 4)
  await once(network, options).resolve('sts.example', 6)
  expect(asked).toHaveLength(5)
})

it('a list of any length keeps no more than the limits; what was asked for last stays', async () => {
  const { asked, network } = outside(100)
  const farm = askedOnce({ names: 3, urls: 100, bytes: 1_000 })(network, options)
  for (let n = 0; n < 5_000; n++) {
    await farm.resolve(`host-${n}`, 4)
    await farm.fetch(url(n))
    await farm.resolve('always', 4)
  }
  expect(asked.filter((name) => name === 'always')).toHaveLength(1)
  const before = asked.length
  // Ten bodies of a hundred bytes, two names beside the one above.
  for (let n = 4_990; n < 5_000; n++) await farm.fetch(url(n))
  for (const n of [4_998, 4_999]) await farm.resolve(`host-${n}`, 4)
  expect(asked.length).toBe(before)
  await farm.fetch(url(4_000))
  await farm.resolve('host-4000', 4)
  expect(asked.length).toBe(before + 2)
})

it('an answer that was cut short by the limit of one farm is not kept for the others', async () => {
  const { network } = outside()
  const asked: number[] = []
  const ending = (timeoutMs: number): Network => ({
    ...network,
    fetch: async () => {
      asked.push(timeoutMs)
      return { kind: 'timed-out', timeoutMs, redirects: [] }
    },
  })
  const once = askedOnce()
  await once(ending(1), options).fetch(url(1))
  await once(ending(10_000), options).fetch(url(1))
  await once(ending(10_000), options).fetch(url(1))
  expect(asked).toEqual([1, 10_000])
})

it('a watch asks again for what did not come', async () => {
  const { network } = outside()
  let tried = 0
  const failing: Network = {
    ...network,
    fetch: async () => ({ kind: 'http-status', status: 500 + tried++, redirects: [] }),
  }
  const farm = askedOnce(onceLimits, ({ kind }) => kind === 'fetched')(failing, options)
  await farm.fetch(url(1))
  await farm.fetch(url(1))
  expect(tried).toBe(2)
})

it('a fault is not kept', async () => {
  const { network } = outside()
  let tried = 0
  const farm = askedOnce()(
    {
      ...network,
      resolve: async () => {
        tried++
        throw new Error('fault of ours')
      },
    },
    options,
  )
  await expect(farm.resolve('a', 4)).rejects.toThrow()
  await expect(farm.resolve('a', 4)).rejects.toThrow()
  expect(tried).toBe(2)
})
