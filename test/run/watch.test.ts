import { afterEach, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { live } from '../../src/network/live/live.js'
import type { Network } from '../../src/network/network.js'
import { askedOf } from '../../src/run/options.js'
import { WatchedFarm } from '../../src/run/watch.js'
import { certificateOf } from '../support/certificate-of.js'
import { type ChangingServer, changingServer } from '../support/changing-server.js'

/** A name that leads elsewhere from look to look, and a clock that is set; the servers are real. */
const name = 'sts.contoso.com'
const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({ subject: name, issuer: issuing, names: [name] })
const whole = [leaf, issuing]
const leafOnly = [leaf]

const servers = new Map<string, ChangingServer>()
afterEach(async () => {
  for (const server of servers.values()) await server.stop()
  servers.clear()
})
const serving = async (address: string, ...chains: Parameters<typeof changingServer>) => {
  const server = await changingServer(...chains)
  servers.set(address, server)
  return server
}

async function watched(addresses: readonly string[]) {
  let found = addresses
  let now = new Date()
  const { signal } = new AbortController()
  const options = { timeoutMs: 5_000, proxy: null, offline: true, aiaAllowPrivate: false, signal }
  const network: Network = {
    ...live(options),
    resolve: async (host) =>
      found.length === 0
        ? { kind: 'failed', reason: 'not-found', detail: `${host} does not exist` }
        : { kind: 'found', addresses: found, left: 0 },
    probe: (at, offer, nth) => {
      const [address, port] = servers.get(at.address)!.place.split(':')
      return live(options).probe({ ...at, address: address!, port: Number(port) }, offer, nth)
    },
  }
  const told: string[] = []
  let judgements = 0
  const asked = askedOf(name, { trustAnchors: [certificateOf(root)], offline: true })
  const pause = async () => true
  const hooks = {
    concurrency: 4,
    pause,
    fetching: () => {
      judgements++
      return network
    },
    changed: (
      _: WatchedFarm,
      changes: Parameters<ConstructorParameters<typeof WatchedFarm>[2]['changed']>[1],
    ) =>
      told.push(
        ...changes.map(({ kind, subject, name: host }) =>
          `${kind} ${subject?.replace(/^.*@|:443$/g, '') ?? host}`.replace(/^(new|recovered) .*/, '$1'),
        ),
      ),
  }
  const farm = new WatchedFarm(asked, network, hooks, signal, () => now)
  await farm.first(network, pause)
  return {
    farm,
    judgements: () => judgements,
    leadsTo: (...next: string[]) => {
      found = next
    },
    wait: (minutes: number) => {
      now = new Date(now.getTime() + minutes * 60_000)
    },
    /** What a look tells, cases aside. */
    look: async () => {
      told.length = 0
      await farm.look()
      return told.filter((one) => one !== 'new' && one !== 'recovered')
    },
  }
}

it('an address that a name leads to later is watched too', async () => {
  await serving('10.0.0.5', leafOnly)
  await serving('10.0.0.6', leafOnly)
  const { farm, look, leadsTo, judgements } = await watched(['10.0.0.5'])
  leadsTo('10.0.0.5', '10.0.0.6')
  expect(await look()).toEqual(['appeared 10.0.0.6'])
  const before = judgements()
  servers.get('10.0.0.5')!.send(whole)
  expect(await look()).toEqual(['fixed 10.0.0.5'])
  // Each has its own time for downloads.
  expect(judgements()).toBe(before + 1)
  expect(farm.isMended).toBe(false)
  servers.get('10.0.0.6')!.send(whole)
  expect(await look()).toEqual(['fixed 10.0.0.6'])
  expect(farm.isMended).toBe(true)
})

it('one that it leaves is watched while it answers, and then let go', async () => {
  await serving('10.0.0.5', whole)
  await serving('10.0.0.6', leafOnly)
  const { farm, look, leadsTo } = await watched(['10.0.0.5', '10.0.0.6'])
  leadsTo('10.0.0.5')
  expect(await look()).toEqual(['unlisted 10.0.0.6'])
  expect(await look()).toEqual([])
  expect(farm.isMended).toBe(false)
  await servers.get('10.0.0.6')!.stop()
  expect(await look()).toEqual(['unreachable 10.0.0.6'])
  expect(await look()).toEqual(['gone 10.0.0.6'])
  expect(farm.isMended).toBe(true)
  expect(farm.checked.report.changes!.map(({ kind }) => kind)).toContain('unlisted')
})

it('a name that leads nowhere for a while is told, and takes nobody away', async () => {
  await serving('10.0.0.5', whole)
  const { farm, look, leadsTo } = await watched(['10.0.0.5'])
  leadsTo()
  expect(await look()).toEqual([`unreachable ${name}`])
  expect(farm.isMended).toBe(false)
  leadsTo('10.0.0.5')
  expect(await look()).toEqual([`reachable ${name}`])
  expect(farm.isMended).toBe(true)
})

it('a name that led nowhere at first is looked up again', async () => {
  await serving('10.0.0.5', whole)
  const { farm, look, leadsTo } = await watched([])
  expect(farm.isMended).toBe(false)
  leadsTo('10.0.0.5')
  expect(await look()).toEqual(['appeared 10.0.0.5', `reachable ${name}`])
  expect(farm.isMended).toBe(true)
})

it('a certificate that becomes valid is told though the answer is the same', async () => {
  const soon = issue({
    subject: name,
    issuer: issuing,
    names: [name],
    notBefore: new Date(Date.now() + 5 * 60_000),
  })
  await serving('10.0.0.5', [soon, issuing])
  const { farm, look, wait } = await watched(['10.0.0.5'])
  const before = servers.get('10.0.0.5')!.connections
  expect(await look()).toEqual([])
  wait(11)
  expect(await look()).toEqual(['fixed 10.0.0.5'])
  expect(farm.isMended).toBe(true)
  expect(servers.get('10.0.0.5')!.connections - before).toBe(2)
})
