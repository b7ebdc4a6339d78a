import type { KeyObject } from 'node:crypto'
import { type Issued, type IssueOptions, issue, keyOf, oid, sequence, tlv } from '../../src/demo/authority.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { certificateOf } from './certificate-of.js'

/** Certificates that a server could send to make a path search work itself to death. */
export interface HostileChain {
  readonly what: string
  readonly presented: readonly Certificate[]
  readonly anchors: readonly Certificate[]
}

interface Authority {
  readonly name: string
  readonly key: KeyObject
}

/** Every authority certified by every other: n (n - 1) certificates, and as many ways as there are permutations. */
function crossSigned(authorities: readonly Authority[], options: Partial<IssueOptions> = {}): Certificate[] {
  const selves = authorities.map(({ name, key }) => issue({ subject: name, key, ca: true }))
  return authorities.flatMap(({ name, key }, i) =>
    selves
      .filter((_, j) => j !== i)
      .map((issuer) => certificateOf(issue({ subject: name, key, issuer, ca: true, ...options }))),
  )
}

export function hostileChains(): HostileChain[] {
  const root = issue({ subject: 'Root', ca: true })
  const anchors = [certificateOf(root)]
  const authorities = Array.from({ length: 10 }, (_, i) => ({
    name: `CA ${i}`,
    key: keyOf('P-256', `CA ${i}`),
  }))
  const first = issue({ subject: 'CA 0', key: authorities[0]!.key, ca: true })
  const leaf = (options: Partial<IssueOptions> = {}): Certificate =>
    certificateOf(issue({ subject: 'leaf', issuer: first, names: ['sts.example.com'], ...options }))
  const mesh = crossSigned(authorities)
  const bridge = (options: Partial<IssueOptions>): Certificate =>
    certificateOf(issue({ subject: 'CA 9', key: authorities[9]!.key, issuer: root, ca: true, ...options }))
  const twins = Array.from({ length: 99 }, (_, i) =>
    certificateOf(
      issue({
        subject: 'CA 0',
        keyName: `twin ${i}`,
        issuer: { ...first, subjectDer: first.subjectDer },
        ca: true,
        notAfter: new Date(Date.UTC(2030, 0, 1) + i * 1000),
      }),
    ),
  )
  return [
    {
      what: 'ten authorities, each certified by all others, no way to the anchor',
      presented: [leaf(), ...mesh],
      anchors,
    },
    { what: 'the same with a way to the anchor', presented: [leaf(), ...mesh, bridge({})], anchors },
    {
      what: 'the same, the way to the anchor too short for any path',
      presented: [leaf(), ...mesh, bridge({ ca: { pathLength: 0 } })],
      anchors,
    },
    {
      what: 'the same, the leaf not for servers',
      presented: [leaf({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }), ...mesh, bridge({})],
      anchors,
    },
    { what: '99 authorities of one name', presented: [leaf(), ...twins], anchors },
    {
      what: 'mappings of eight policies to eight policies, ten deep',
      presented: mappedPolicies(root),
      anchors,
    },
    { what: 'two thousand names under two thousand constraints', presented: manyNames(root), anchors },
  ]
}

const eight = Array.from({ length: 8 }, (_, i) => oid(`1.2.3.4.${i}`))

function mappedPolicies(root: Issued): Certificate[] {
  const policies = { oid: '2.5.29.32', value: sequence(...eight.map((policy) => sequence(policy))) }
  const mappings = {
    oid: '2.5.29.33',
    value: sequence(...eight.flatMap((from) => eight.map((to) => sequence(from, to)))),
  }
  const chain: Issued[] = []
  for (let i = 0; i < 10; i++) {
    chain.unshift(
      issue({ subject: `CA ${i}`, issuer: chain[0] ?? root, ca: true, extensions: [policies, mappings] }),
    )
  }
  const leaf = issue({
    subject: 'leaf',
    issuer: chain[0]!,
    names: ['sts.example.com'],
    extensions: [policies],
  })
  return [leaf, ...chain].map(certificateOf)
}

function manyNames(root: Issued): Certificate[] {
  const excluded = Array.from({ length: 2000 }, (_, i) =>
    sequence(tlv(0x82, Buffer.from(`x${i}.example.org`))),
  )
  const ca = issue({
    subject: 'CA',
    issuer: root,
    ca: true,
    extensions: [{ oid: '2.5.29.30', critical: true, value: sequence(tlv(0xa1, ...excluded)) }],
  })
  const names = Array.from({ length: 2000 }, (_, i) => `y${i}.example.org`)
  return [issue({ subject: 'leaf', issuer: ca, names }), ca].map(certificateOf)
}
