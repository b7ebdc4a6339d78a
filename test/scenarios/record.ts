import { check } from '../../src/check.js'
import type { Asked, GivenFile } from '../../src/farm/asked.js'
import { nothingKnown, parseNode } from '../../src/farm/inventory.js'
import { endpointText } from '../../src/farm/subject.js'
import { caseText, recording } from '../../src/network/case.js'
import { live } from '../../src/network/live/live.js'
import type { Network } from '../../src/network/network.js'
import { version } from '../../src/version.js'
import { certificateOf } from '../support/certificate-of.js'
import { type Minted, mint } from './certificates.js'
import { type FarmRecipe, world } from './recipe.js'
import { type Running, serve, serveWeb } from './servers.js'

/** Builds the farm of a recipe on loopback, asks it everything that a check asks, and keeps the answers as a case. */
export async function record(farm: FarmRecipe): Promise<string> {
  const at = clockOf(farm)
  const minted = mint(farm)
  const asked = askedOf(farm, minted)
  const running = await start(farm, minted)
  try {
    const recorder = recording(running.network)
    await check(asked, recorder.network, at, { concurrency: 1, pause: async () => true })
    return caseText(recorder.case(asked, at, { name: 'adfs-check', version }))
  } finally {
    await running.close()
  }
}

export const clockOf = ({ at = world.at }: FarmRecipe): Date => new Date(at)

/** The servers of a farm as a network in which they have the addresses of the recipe. */
export async function start(farm: FarmRecipe, minted: Minted) {
  const at = clockOf(farm)
  const places = new Map<string, Running>()
  for (const [place, server] of Object.entries(farm.servers))
    places.set(place, await serve(server, minted, at))
  const web = await serveWeb({ ...world.web, ...farm.web }, minted)
  return {
    network: mapped(farm, places, web.ports[0]!),
    close: () => Promise.all([web, ...places.values()].map((one) => one.close())),
  }
}

/**
 * The network in which the loopback servers have addresses and names of documentation (RFC 5737, RFC 3849): everything
 * is asked of real sockets, only where they are is told otherwise. Machines behind one address take turns by the order
 * in which they are asked, so that two recordings are equal.
 */
function mapped(farm: FarmRecipe, places: ReadonlyMap<string, Running>, webPort: number): Network {
  const { target = 'sts.contoso.com', options } = farm
  const timeoutMs = options?.timeoutMs ?? 10_000
  const common = { timeoutMs, proxy: null, signal: null }
  const outside = live({ ...common, offline: options?.offline ?? false, aiaAllowPrivate: false })
  const loopback = live({ ...common, offline: options?.offline ?? false, aiaAllowPrivate: true })
  const served = [...places.keys()].map((place) => place.replace(/:\d+$/, '').replace(/[[\]]/g, ''))
  const dns = farm.dns ?? { [target]: [...new Set(served)] }
  const asked = new Map<string, number>()
  return {
    resolve: async (host, family) => {
      const all = dns[host]
      if (!all) return { kind: 'failed', reason: 'not-found', detail: 'ENOTFOUND' }
      const addresses = all.filter((one) => family === null || one.includes(':') === (family === 6))
      return { kind: 'found', addresses: addresses.slice(0, 256), left: Math.max(0, addresses.length - 256) }
    },
    probe: async (at, offer, nth) => {
      const place = endpointText(at.address, at.port)
      const ports = places.get(place)?.ports
      if (!ports) return { kind: 'unreachable', reason: 'no-route', detail: `connect EHOSTUNREACH ${place}` }
      const turn = asked.get(place) ?? 0
      asked.set(place, turn + 1)
      const port = ports[turn % ports.length]!
      const outcome = await loopback.probe({ ...at, address: '127.0.0.1', port }, offer, nth)
      return renamed(outcome, { [`127.0.0.1:${port}`]: place, '127.0.0.1': at.address }, at)
    },
    fetch: async (ask) => {
      const base = `http://127.0.0.1:${webPort}`
      const prefix = 'http://pki.contoso.com'
      // Addresses that are none are answered by the real one, which refuses them before it asks anybody.
      if (!ask.url.startsWith(prefix)) return outside.fetch(ask)
      const outcome = await loopback.fetch({ ...ask, url: base + ask.url.slice(prefix.length) })
      return renamed(outcome, { [base]: prefix }, null)
    },
  }
}

/** The same with other places in it, in texts too. */
function renamed<T>(value: T, places: Readonly<Record<string, string>>, endpoint: unknown): T {
  if (typeof value === 'string')
    return Object.entries(places).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      value as string,
    ) as T
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map((item) => renamed(item, places, endpoint)) as T
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'endpoint' ? endpoint : renamed(item, places, endpoint),
    ]),
  ) as T
}

export function askedOf({ target = 'sts.contoso.com', options = {} }: FarmRecipe, minted: Minted): Asked {
  const files = (names: readonly string[] = []): readonly GivenFile[] =>
    names.map((name) => {
      const path = `${name}.pem`
      return { path, certificates: [{ certificate: certificateOf(minted(name)), from: path }] }
    })
  return {
    target,
    servers: options.servers ?? [],
    port: null,
    family: null,
    android: options.android ?? null,
    trustAnchors: files(options.trustAnchors ?? ['root']),
    deviceCas: files(options.deviceCas),
    remembered: files(options.remembered),
    intermediates: files(options.intermediates),
    at: null,
    offline: options.offline ?? false,
    aiaAllowPrivate: options.aiaAllowPrivate ?? false,
    warn: null,
    crit: null,
    timeoutMs: options.timeoutMs ?? null,
    repeat: options.repeat ?? 0,
    proxy: null,
    ...(options.tlsEndsAt === undefined ? {} : { tlsEndsAt: options.tlsEndsAt }),
    ...(options.inventory && {
      inventory: {
        ...nothingKnown,
        ...options.inventory,
        nodes: (options.inventory.nodes ?? []).map(parseNode),
      },
    }),
  }
}
