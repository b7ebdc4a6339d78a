import { describe, expect, it } from 'vitest'
import { farmOf } from '../../src/farm/farm.js'
import {
  alone,
  type Inventory,
  narrowed,
  nodeText,
  nothingKnown,
  parseNode,
  terminatorOf,
} from '../../src/farm/inventory.js'
import { inventoryText, metadataFacts, namesWorthTrying } from '../../src/farm/inventory-file.js'
import { readPolicyFile } from '../../src/farm/policy-file.js'
import type { Network, Resolution } from '../../src/network/network.js'
import { askedOf, validOptions } from '../../src/run/options.js'

const found = (addresses: readonly string[], ...aliases: string[]): Resolution => ({
  kind: 'found',
  addresses,
  left: 0,
  aliases,
})
const absent: Resolution = { kind: 'failed', reason: 'not-found', detail: 'ENOTFOUND' }
function dns(hosts: Record<string, Resolution>) {
  const asked: string[] = []
  const network: Pick<Network, 'resolve'> = {
    resolve: async (host) => {
      asked.push(host)
      return hosts[host] ?? absent
    },
  }
  return { network, asked }
}
const farm = (
  inventory: Partial<Inventory>,
  hosts: Record<string, Resolution> = {},
  servers: readonly string[] = [],
) =>
  farmOf(
    { ...askedOf('sts.contoso.com', { servers }), inventory: { ...nothingKnown, ...inventory } },
    dns(hosts).network,
  )
const ids = async (...args: Parameters<typeof farm>) => (await farm(...args)).subjects.map(({ id }) => id)

describe('names, nodes and ports', () => {
  it('are asked everywhere, but 49443 under the federation service name only', async () => {
    expect(
      await ids({
        names: ['certauth.sts.contoso.com'],
        ports: [443, 49443],
        nodes: [parseNode('wap1=10.0.0.5,role=wap'), parseNode('lb=10.0.0.9:8443,10.0.0.10')],
      }),
    ).toEqual([
      'sts.contoso.com@10.0.0.5:443',
      'sts.contoso.com@10.0.0.5:49443',
      'certauth.sts.contoso.com@10.0.0.5:443',
      'sts.contoso.com@10.0.0.9:8443',
      'certauth.sts.contoso.com@10.0.0.9:8443',
      'sts.contoso.com@10.0.0.10:443',
      'sts.contoso.com@10.0.0.10:49443',
      'certauth.sts.contoso.com@10.0.0.10:443',
    ])
  })

  it('are narrower where a node says so', async () => {
    expect(
      await ids({
        names: ['certauth.sts.contoso.com', 'portal.contoso.com:8443'],
        ports: [443, 49443],
        nodes: [parseNode('a=10.0.0.5,port=443'), parseNode('b=10.0.0.6,name=certauth.sts.contoso.com')],
      }),
    ).toEqual([
      'sts.contoso.com@10.0.0.5:443',
      'certauth.sts.contoso.com@10.0.0.5:443',
      'portal.contoso.com@10.0.0.5:443',
      'certauth.sts.contoso.com@10.0.0.6:443',
    ])
  })

  it('are told where no node that is looked at answers to them', async () => {
    const nodes = [parseNode('b=10.0.0.6,name=certauth.sts.contoso.com')]
    const { leftOut, names, subjects } = await farm({
      names: ['certauth.sts.contoso.com', 'portal.test'],
      nodes,
    })
    expect(subjects.map(({ id }) => id)).toEqual(['certauth.sts.contoso.com@10.0.0.6:443'])
    expect(leftOut).toMatchObject([
      { name: 'sts.contoso.com', reason: 'no-node' },
      { name: 'portal.test', reason: 'no-node' },
    ])
    expect(names.map(({ ascii }) => ascii)).toEqual(['sts.contoso.com', 'certauth.sts.contoso.com'])
  })

  it('are refused where a node answers to none of them: it would never be asked', async () => {
    const nodes = [parseNode('a=10.0.0.5'), parseNode('b=10.0.0.6,name=sts.contos.com')]
    await expect(farm({ nodes })).rejects.toThrow(
      'Node "b" of sts.contoso.com answers to "sts.contos.com", which is no name',
    )
    // What DNS does not know, or has elsewhere, is told already.
    const left = [parseNode('a=10.0.0.5'), parseNode('b=10.0.0.6,name=enterpriseregistration.contoso.com')]
    const { leftOut, subjects } = await farm({ nodes: left, upnSuffixes: ['contoso.com'] })
    expect([leftOut.length, subjects.length]).toEqual([1, 1])
  })

  it('have each name where DNS has it, if no node is known; one without an address is told', async () => {
    const { subjects, unresolved } = await farm(
      { names: ['certauth.sts.contoso.com', 'gone.contoso.com'] },
      { 'sts.contoso.com': found(['192.0.2.1']), 'certauth.sts.contoso.com': found(['192.0.2.2']) },
    )
    expect(subjects.map(({ id }) => id)).toEqual([
      'sts.contoso.com@192.0.2.1:443',
      'certauth.sts.contoso.com@192.0.2.2:443',
    ])
    expect(unresolved).toMatchObject([{ host: 'gone.contoso.com' }])
  })

  it('are asked of servers named beside the nodes, too; each machine once', async () => {
    const nodes = [parseNode('wap1=10.0.0.5,role=wap')]
    const { subjects } = await farm({ nodes }, {}, ['10.0.0.5', '10.0.0.7', '10.0.0.5:8443'])
    expect(subjects.map(({ id, node }) => `${node.id} ${id}`)).toEqual([
      'wap1 sts.contoso.com@10.0.0.5:443',
      '10.0.0.7 sts.contoso.com@10.0.0.7:443',
      'wap1 sts.contoso.com@10.0.0.5:8443',
    ])
  })

  it('of a file are narrowed by servers on the command line, and keep what is known of them', () => {
    const nodes = [
      parseNode('lb=10.0.0.9,role=balancer,tls-ends-at=f5'),
      parseNode('wap1=10.0.0.5,10.0.1.5,role=wap,tls-ends-at=lb'),
    ]
    expect(narrowed(nodes, ['10.0.1.5', '10.0.0.7'])).toEqual({
      nodes: [parseNode('wap1=10.0.1.5,role=wap,tls-ends-at=f5')],
      servers: ['10.0.0.7'],
    })
    expect(narrowed(nodes, ['lb', '10.0.0.5:8443']).nodes.map(nodeText)).toEqual([
      'lb=10.0.0.9,role=balancer,tls-ends-at=f5',
      'wap1=10.0.0.5:8443,role=wap,tls-ends-at=f5',
    ])
  })
})

describe('names that nobody named', () => {
  const service = { 'sts.contoso.com': found(['192.0.2.1']) }
  const leftOut = async (hosts: Record<string, Resolution>) =>
    farm({ upnSuffixes: ['contoso.com'] }, { ...service, ...hosts })

  it('belong to the farm where they lead to it', async () => {
    const there = await leftOut({
      'enterpriseregistration.contoso.com': found(['192.0.2.1'], 'sts.contoso.com'),
    })
    expect(there.names.map(({ ascii }) => ascii)).toEqual([
      'sts.contoso.com',
      'enterpriseregistration.contoso.com',
    ])
    expect([there.leftOut, there.supposed]).toEqual([[], []])
  })

  it.each<[string, Resolution]>([
    ['cloud', found(['203.0.113.9'], 'EnterpriseRegistration.windows.net', 'x.msft.test')],
    ['elsewhere', found(['203.0.113.9'])],
    ['absent', absent],
  ])('are left out: %s', async (reason, answer) => {
    const there = await leftOut({ 'enterpriseregistration.contoso.com': answer })
    expect(there.leftOut).toMatchObject([{ name: 'enterpriseregistration.contoso.com', reason }])
    expect(there.subjects).toHaveLength(1)
    expect(there.unresolved).toEqual([])
  })

  it.each([
    'timed-out',
    'no-address-of-family',
  ] as const)('are not checked, and the run says so, where DNS gives no answer that would do: %s', async (reason) => {
    const there = await leftOut({
      'enterpriseregistration.contoso.com': { kind: 'failed', reason, detail: 'no answer' },
    })
    expect(there.unresolved).toMatchObject([{ host: 'enterpriseregistration.contoso.com', reason }])
    expect(there.leftOut).toEqual([])
  })

  it('include certauth, which counts only once a server has shown a certificate for it', async () => {
    const there = await leftOut({ 'certauth.sts.contoso.com': found(['192.0.2.1']) })
    expect(there.supposed).toEqual(['certauth.sts.contoso.com'])
    expect((await leftOut({ 'certauth.sts.contoso.com': found(['192.0.2.7']) })).leftOut).toMatchObject([
      {},
      { name: 'certauth.sts.contoso.com', reason: 'elsewhere' },
    ])
  })

  it('are looked up by nobody who said nothing of the farm, and no name twice', async () => {
    const plain = dns(service)
    await farmOf(askedOf('sts.contoso.com', {}), plain.network)
    expect(plain.asked).toEqual(['sts.contoso.com'])
    const named = dns({})
    const nodes = [parseNode('wap1=10.0.0.5')]
    const names = ['certauth.sts.contoso.com']
    await farmOf(
      { ...askedOf('sts.contoso.com', {}), inventory: { ...nothingKnown, nodes, names } },
      named.network,
    )
    expect(named.asked).toEqual([])
    const more = dns({ ...service, 'certauth.sts.contoso.com': found(['192.0.2.1']) })
    const inventory = { ...nothingKnown, upnSuffixes: ['contoso.com'] }
    await farmOf({ ...askedOf('sts.contoso.com', {}), inventory }, more.network)
    expect(more.asked.toSorted()).toEqual([
      'certauth.sts.contoso.com',
      'enterpriseregistration.contoso.com',
      'sts.contoso.com',
    ])
  })
})

describe('a node', () => {
  it.each([
    'wap1=10.0.0.5,role=wap',
    'lb=[2001:db8::1]:8443,10.0.0.9,role=balancer,tls-ends-at=f5,port=443,port=49443,name=sts.contoso.com',
    'adfs1.contoso.com',
  ])('%s is printed as it is read', (text) => {
    expect(nodeText(parseNode(text))).toBe(text)
  })

  it.each([
    ['', 'is no name of a node'],
    ['a b=10.0.0.1', 'is no name of a node'],
    ['a=10.0.0.1,rolle=wap', '"rolle" is none of'],
    ['a=10.0.0.1,role=proxy', 'The role is one of'],
    ['a=10.0.0.1,role=wap,role=adfs', 'more than once'],
    ['a=10.0.0.1:70000', '70000'],
  ])('%j is refused', (text, why) => {
    let said = ''
    try {
      parseNode(text)
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string }
      said = `${message} ${hint}`
    }
    expect(said).toContain(why)
  })

  it('takes a node that is called after its product for that product', () => {
    const nodes = [parseNode('f5=10.0.0.9,tls-ends-at=f5'), parseNode('wap1=10.0.0.5,tls-ends-at=f5')]
    expect(nodes.map((node) => terminatorOf(node, nodes))).toEqual(['f5', 'f5'])
    expect(nodes.map((node) => nodeText(alone(node, nodes)))).toEqual([
      'f5=10.0.0.9,tls-ends-at=f5',
      'wap1=10.0.0.5,tls-ends-at=f5',
    ])
  })

  it('has TLS ended by what stands before it', () => {
    const nodes = [
      parseNode('lb=10.0.0.9,role=balancer,tls-ends-at=f5'),
      parseNode('wap1=10.0.0.5,role=wap,tls-ends-at=lb'),
      parseNode('adfs1=10.0.0.1,role=adfs,tls-ends-at=here'),
      parseNode('adfs2=10.0.0.2,role=adfs'),
      parseNode('adfs3=10.0.0.3,role=adfs,tls-ends-at=wap2'),
      parseNode('wap2=10.0.0.4,role=wap'),
      parseNode('x=10.0.0.6,tls-ends-at=y'),
      parseNode('y=10.0.0.7,tls-ends-at=x'),
    ]
    expect(nodes.map((node) => terminatorOf(node, nodes))).toEqual([
      'f5',
      'f5',
      'adfs',
      null,
      'wap',
      null,
      null,
      null,
    ])
  })
})

describe('mistakes in the inventory of adfs-check.yaml', () => {
  const mistakes = (lines: string): string => {
    try {
      readPolicyFile(`farms:\n  - name: sts.contoso.com\n${lines}`, 'adfs-check.yaml')
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  it.each([
    ['    nodes:\n      - { name: a }\n      - { name: a }\n', '5:9: Two nodes are named "a"'],
    [
      '    nodes:\n      - { name: a, addresses: 10.0.0.5 }\n      - { name: b, addresses: 10.0.0.5 }\n',
      '5:9: Nodes "a" and "b" both have the address 10.0.0.5.',
    ],
    ['    nodes:\n      - { name: a, tls-ends-at: lb }\n', '4:9: TLS of node "a" ends at "lb"'],
    ['    nodes:\n      - { name: a, role: proxy }\n', '4:26: "role" is one of adfs, wap, balancer'],
    ['    nodes:\n      - { name: a, adresses: 10.0.0.1 }\n', '"addresses" is meant?'],
    ['    servers: 10.0.0.1\n    nodes:\n      - { name: a }\n', '"servers" and "nodes" both say'],
    ['    ports: [443, 70000]\n', '3:18: "ports"'],
    ['    names: [10.0.0.1]\n', '3:13: "names"'],
    ['    upn-suffixes: [contoso]\n', '3:20: "upn-suffixes"'],
  ])('%j', (lines, told) => {
    expect(mistakes(lines)).toContain(told)
  })
})

describe('the library', () => {
  it('says the same of a farm, and is told what does not fit', () => {
    const options = {
      names: ['certauth.sts.contoso.com'],
      ports: [443, 49443],
      nodes: ['wap1=10.0.0.5,role=wap'],
      upnSuffixes: ['contoso.com'],
    }
    expect(askedOf('sts.contoso.com', validOptions(options)).inventory).toMatchObject({
      ...options,
      nodes: [{ name: 'wap1', role: 'wap' }],
    })
    expect(() => validOptions({ ports: [0] })).toThrow(/port/)
    expect(() => validOptions({ nodes: ['a=10.0.0.1', 'a=10.0.0.2'] })).toThrow(/Two nodes/)
  })
})

describe('what init writes', () => {
  const found = {
    name: 'sts.contoso.com',
    ports: [443, 49443],
    names: [{ name: 'certauth.sts.contoso.com', why: 'DNS' }],
    suffixes: [{ suffix: 'contoso.com', why: 'leads here' }],
    nodes: [{ address: '2001:db8::5', port: 8443, notes: ['answers'] }],
    notes: ['identifier: x\nfarms: []\u202e'],
    open: ['roles'],
  }

  it('is read as it is meant, whatever a server put into its words', () => {
    const { farms } = readPolicyFile(inventoryText(found, new Date('2026-11-24')), 'adfs-check.yaml')
    expect(farms).toMatchObject([
      {
        name: 'sts.contoso.com',
        options: {
          names: ['certauth.sts.contoso.com'],
          'upn-suffixes': ['contoso.com'],
          ports: [443, 49443],
          nodes: [{ name: 'node1', addresses: ['[2001:db8::5]:8443'], role: 'unknown' }],
        },
      },
    ])
  })

  it('takes of metadata who it is and where its endpoints are, and no more than fits', () => {
    const many = Array.from({ length: 500 }, (_, n) => `<Address>https://h${n}.test:8443/x</Address>`).join(
      '',
    )
    const { entityId, endpoints } = metadataFacts(
      Buffer.from(`<a entityID="http://sts.contoso.com/adfs/services/trust"/>${many}`),
    )
    expect([entityId, endpoints.length, endpoints[0]]).toEqual([
      'http://sts.contoso.com/adfs/services/trust',
      50,
      'h0.test:8443',
    ])
    expect(metadataFacts(Buffer.from('entityID="a\u001b[2J<" &x;'))).toEqual({
      entityId: null,
      endpoints: [],
    })
  })

  it('tries names of the certificate, as far as a farm has so many', () => {
    const names = Array.from({ length: 50 }, (_, n) => `enterpriseregistration.s${n}.test`)
    const worth = namesWorthTrying(['certauth.sts.contoso.com', ...names], 'sts.contoso.com')
    expect([worth.certauth, worth.suffixes.length]).toEqual([true, 20])
    expect(namesWorthTrying([], 'sts.contoso.com').suffixes).toEqual(['contoso.com'])
  })

  it('passes over what no suffix can be, and quotes what YAML would read as something else', () => {
    const odd = ['contoso', '1.2', '12.34e5', 'a..b', 'xn--a.com'].map(
      (one) => `enterpriseregistration.${one}`,
    )
    const { suffixes } = namesWorthTrying(odd, 'sts')
    expect(suffixes).toEqual(['12.34e5'])
    const text = inventoryText(
      { ...found, name: 'null', suffixes: suffixes.map((suffix) => ({ suffix, why: 'leads here' })) },
      new Date('2026-11-24'),
    )
    expect(readPolicyFile(text, 'adfs-check.yaml').farms).toMatchObject([
      { name: 'null', options: { 'upn-suffixes': ['12.34e5'] } },
    ])
  })
})
