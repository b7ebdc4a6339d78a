import { expect, it } from 'vitest'
import { resolve } from '../../src/network/live/resolve.js'
import { retrying } from '../../src/network/live/retrying.js'
import type { Resolution } from '../../src/network/network.js'
import type { ProbeOutcome } from '../../src/tls/observation.js'
import { generalShape } from '../../src/tls/shapes.js'

const endpoint = { address: '192.0.2.1', port: 443, serverName: 'sts.contoso.test' }
const refused: ProbeOutcome = { kind: 'unreachable', reason: 'refused', detail: 'ECONNREFUSED' }
const silent: ProbeOutcome = { kind: 'timed-out', phase: 'connect', timeoutMs: 1, observation: null }
const alert: ProbeOutcome = {
  kind: 'alert',
  phase: 'server-hello',
  alert: { code: 40, name: 'handshake_failure' },
  observation: null,
}
const cut: ProbeOutcome = { kind: 'reset', phase: 'client-hello', observation: null }

/** Gives these outcomes one after the other, and counts. */
function network(outcomes: readonly ProbeOutcome[], resolutions: readonly Resolution[] = []) {
  let [asked, looked] = [0, 0]
  return {
    probe: async () => outcomes[asked++]!,
    resolve: async () => resolutions[looked++]!,
    counts: () => [asked, looked],
  }
}

it.each([
  ['nothing listens, then it does', 3, [refused, alert], alert, 2],
  ['silence, twice', 1, [silent, silent, alert], silent, 2],
  ['no retries', 0, [silent, alert], silent, 1],
  ['an alert is an answer', 3, [alert, refused], alert, 1],
  ['a reset is an answer', 3, [cut, refused], cut, 1],
  ['a run that ended', 3, [{ kind: 'interrupted' } as const, refused], { kind: 'interrupted' }, 1],
])('%s', async (_what, retries, outcomes, expected, times) => {
  const asked = network(outcomes)
  const outcome = await retrying(asked, retries, null).probe(endpoint, generalShape, 0)
  expect(outcome).toEqual(expected)
  expect(asked.counts()[0]).toBe(times)
})

it('a resolver that fails is asked again, a name that does not exist is not', async () => {
  const failed: Resolution = { kind: 'failed', reason: 'failed', detail: 'EAI_AGAIN' }
  const missing: Resolution = { kind: 'failed', reason: 'not-found', detail: 'ENOTFOUND' }
  const asked = network([], [failed, missing, failed])
  expect(await retrying(asked, 5, null).resolve('sts.contoso.test', null)).toEqual(missing)
  expect(asked.counts()[1]).toBe(2)
})

it('an ended run does not wait for the next try', async () => {
  const stop = new AbortController()
  const start = performance.now()
  const outcome = retrying(network([silent, silent, silent]), 10, stop.signal).probe(
    endpoint,
    generalShape,
    0,
  )
  setTimeout(() => stop.abort(), 50)
  expect(await outcome).toEqual(silent)
  expect(performance.now() - start).toBeLessThan(400)
})

it('look-ups queue for the threads there are, and an ended run waits for none of them', async () => {
  const stop = new AbortController()
  const many = Array.from({ length: 9 }, () => resolve('localhost', null, 5_000, stop.signal))
  stop.abort()
  for (const answer of await Promise.all(many))
    expect(answer).toMatchObject({ kind: 'failed', reason: 'failed' })
  expect(await resolve('localhost', null, 5_000)).toMatchObject({ kind: 'found' })
})
