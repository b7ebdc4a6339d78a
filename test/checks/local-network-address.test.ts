import { describe, expect, it } from 'vitest'
import { localNetworkAddress } from '../../src/checks/local-network-address.js'
import { examinedFarm, soundPki } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

const { root, intermediate, leaf } = soundPki()
const farmAt = (address: string, releases = '10..') => ({
  ...examinedFarm({ servers: [{ sent: [leaf, intermediate], address }], anchors: [root], releases }),
  isResolved: true,
})
const statusOf = (address: string) => localNetworkAddress.run(farmAt(address)).status

describe('an address of a local network', () => {
  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.254',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    'fe80::1',
  ])('%s', (address) => {
    expect(statusOf(address)).toBe('found')
  })
  // Loopback is no network that Android asks for, and of global IPv6 addresses only the phone knows which are near.
  it.each([
    '203.0.113.10',
    '172.32.0.1',
    '192.169.0.1',
    '100.128.0.1',
    '11.0.0.1',
    '127.0.0.1',
    '2001:db8::1',
  ])('not %s', (address) => {
    expect(statusOf(address)).toBe('pass')
  })

  it('is a note of no release and no weight', () => {
    const farm = farmAt('10.0.0.1')
    const result = localNetworkAddress.run(farm)
    const [found] = result.status === 'found' ? result.cases : []
    expect(found).toMatchObject({ severity: 'info', releases: [], facet: 'address' })
    const told = { cases: [], subjects: [], releases: [], severity: 'info', farm } as const
    expect(plainWords(localNetworkAddress.tell(found!.evidence, told), farm)).toMatch(
      /^From here the name leads to 10\.0\.0\.1, an address of a local network\. Apps on Android 17 that target API 37/,
    )
  })

  it('only where 17 counts, and the resolver gave it', () => {
    expect(localNetworkAddress.run(farmAt('10.0.0.1', '10..16')).status).toBe('not-applicable')
    expect(localNetworkAddress.run({ ...farmAt('10.0.0.1'), isResolved: false }).status).toBe(
      'not-applicable',
    )
  })
})
