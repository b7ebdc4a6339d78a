import { describe, expect, it } from 'vitest'
import { rootsOf } from '../../src/android/trust-store.js'
import { seenOf } from '../../src/checks/support/answers.js'
import { elsewhere } from '../../src/report/elsewhere.js'
import { examinedFarm, makeLeaf, now, soundPki, type World } from '../support/examined.js'

const { root, intermediate, leaf } = soundPki()
const said = (world: World) => {
  const farm = examinedFarm(world)
  return Object.fromEntries(
    elsewhere(seenOf(farm)[0]!, farm.releases, now).map(({ client, verdict, reason }) => [
      client,
      `${verdict}: ${reason}`,
    ]),
  )
}

describe('why it works for whoever tries it', () => {
  it('a complete chain to a private root that phones were given', () => {
    expect(said({ servers: [{ sent: [leaf, intermediate] }], anchors: [root] })).toEqual({
      chrome: expect.stringMatching(/^refused: has no root/),
      webview: 'accepted: needs nothing that is not sent',
      windows: expect.stringMatching(/^unknown: whether a PC has the root/),
    })
  })

  it('a missing intermediate that was fetched', () => {
    const lines = said({ servers: [{ sent: [leaf] }], anchors: [root], found: [intermediate] })
    expect(lines.webview).toMatch(/^accepted: fetches the missing intermediates over AIA; apps do not/)
  })

  it('a missing intermediate that could not be fetched here', () => {
    const lines = said({ servers: [{ sent: [leaf] }], anchors: [root] })
    for (const line of Object.values(lines)) expect(line).toMatch(/^unknown: would try to fetch/)
  })

  it('a missing intermediate that nothing says where to fetch', () => {
    const lines = said({ servers: [{ sent: [makeLeaf(intermediate)] }], anchors: [root] })
    expect(lines.chrome).toMatch(/^refused/)
    expect(lines.webview).toMatch(/^refused/)
  })

  it('a root that Chrome and Windows have and the newest release that counts has not', () => {
    const known = rootsOf('17', 'Sectigo Public Server Authentication Root R46')[0]!.certificate!
    const lines = said({ servers: [{ sent: [known.der] }], anchors: [root], name: 'sts.contoso.com' })
    // A root in the place of the server's certificate: its names fit nothing, so no client may accept it.
    expect(lines.chrome).toMatch(/^refused/)
    expect(lines.windows).toMatch(/^accepted: has the root/)
  })
})
