import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { helloOf } from '../../src/android/hellos.js'
import { issue } from '../../src/demo/authority.js'
import { probe } from '../../src/network/live/prober.js'
import { endOf } from '../../src/tls/exchange-end.js'
import { HandshakeKeys } from '../../src/tls/key-schedule.js'
import { tlsServer } from '../support/tls-server.js'

const leaf = issue({ subject: 'sts.contoso.test', names: ['sts.contoso.test'] })
const server = await tlsServer([leaf], { minVersion: 'TLSv1.3' })
afterAll(server.close)
afterEach(() => void vi.restoreAllMocks())

const end = async () => {
  const endpoint = { address: '127.0.0.1', port: server.port, serverName: 'sts.contoso.test' }
  const outcome = await probe(endpoint, helloOf('17').shape, { limits: { timeoutMs: 5_000 }, proxy: null })
  return endOf(outcome)
}

it('a Finished that does not fit proves nothing, however good the signature before it was (RFC 8446 §4.4.4)', async () => {
  expect(await end()).toBe('authenticated')
  vi.spyOn(HandshakeKeys.prototype, 'finishedFits').mockReturnValue(false)
  expect(await end()).toMatchObject({ kind: 'key-not-proven' })
})
