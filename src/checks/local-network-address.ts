import { targetingApi37 } from '../android/releases.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'

export interface Evidence {
  readonly address: string
}

/** The release whose apps ask for the permission, where they target its API level. */
const asking = '17'

/** What Android calls a local network in IPv4; of IPv6 only link-local can be told by the address. */
const local = (address: string): boolean => {
  const [a = -1, b = -1] = address.includes(':') ? [] : address.split('.').map(Number)
  return (
    a === 10 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    /^fe[89ab][0-9a-f]:/i.test(address)
  )
}

/** Beside the chain: it names no release that refuses, and weighs nothing. */
export const localNetworkAddress = defineCheck({
  id: 'local-network-address',
  title: 'The name leads to an address of a local network',
  sources: [
    'developer.android.com: local network permission, local network definition (apps targeting API 37)',
    targetingApi37.source,
  ],
  rules: [],
  run: (farm) => {
    if (!farm.releases.includes(asking))
      return { status: 'not-applicable', why: `only Android ${asking} asks for the permission` }
    // What the operator named is where the check was to look, not where phones go.
    if (!farm.isResolved) return { status: 'not-applicable', why: 'the servers were named, not resolved' }
    return found(casesOf(farm))
  },
  tell: ({ address }) =>
    say`From here the name leads to ${{ code: address }}, an address of a local network. Apps on ${{ releases: [asking] }} that target API 37 reach it over Wi-Fi only with the user's permission for the local network; without it they wait in vain, whatever the certificates. Google Play will want apps to target it from about ${{ date: new Date(targetingApi37.from) }}. Phones that get a public address, or come by mobile data or VPN, are not concerned.`,
  actions: () => [],
})

const casesOf = ({ farm }: ExaminedFarm): readonly Case<Evidence>[] =>
  farm.subjects.flatMap((subject): Case<Evidence>[] =>
    subject.kind === 'served' && local(subject.node.address)
      ? [
          {
            facet: 'address',
            subject: subject.id,
            releases: [],
            severity: 'info',
            certificate: null,
            evidence: { address: subject.node.address },
          },
        ]
      : [],
  )
