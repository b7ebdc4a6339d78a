import { randomUUID } from 'node:crypto'
import { windowsSends } from '../adfs/chain-engine.js'
import type { Certificate } from '../x509/certificate.js'
import { parseCertificate } from '../x509/parse.js'
import { type Issued, type IssueOptions, issue as issueAt } from './authority.js'
import { type Binding, type NodeSetup, startNodes } from './nodes.js'

/**
 * A farm as farms are: six machines, three names, a port for user certificates, and a defect of its own on most machines.
 * Windows machines send what Windows would make of their stores.
 */
export interface WholeFarm {
  readonly names: typeof names
  /** Stand for 443, which takes rights, and for the port of user certificates, which is what it is. */
  readonly ports: typeof ports
  readonly root: Issued
  readonly issuing: Issued
  /** Of the balancer too, where somebody else is to be it. */
  readonly leaf: Issued
  readonly machines: readonly Machine[]
  /** TCP connections so far. */
  readonly connections: () => number
  /** `adfs-check.yaml`, with the root in this file. */
  inventory(anchorFile: string): string
  close(): Promise<void>
}

export interface Machine {
  readonly name: string
  readonly role: NodeSetup['role']
  readonly address: string
  /** What is wrong with it; null: nothing. */
  readonly defect: string | null
  /** Stores of the computer, until the services are restarted of no effect; null: it is no Windows. */
  readonly stores: {
    CA: Certificate[]
    My: Certificate[]
    Root: Certificate[]
    Disallowed: Certificate[]
  } | null
  /** Takes up what the stores hold. */
  restart(): void
  /** As its recipe says. */
  mend(): void
}

const names = {
  service: 'sts.contoso.test',
  certauth: 'certauth.sts.contoso.test',
  registration: 'enterpriseregistration.contoso.test',
} as const
const ports = { https: 8443, userCertificates: 49443 } as const

/** As of `at`. Without `balancer` somebody else has to listen at the address of `lb1`. */
export async function startWholeFarm(
  at: Date,
  { balancer = true }: { readonly balancer?: boolean } = {},
): Promise<WholeFarm> {
  const made = certificates(at)
  const { root, abroad, issuing, stale, expiredCross, leaf, oldLeaf } = made
  const windows = (CA: readonly Issued[], roots: readonly Issued[] = [root]) => ({
    CA: CA.map(read),
    My: [read(leaf)],
    Root: roots.map(read),
    Disallowed: [] as Certificate[],
  })
  const known = new Map([leaf, ...Object.values(made)].map((one) => [read(one).sha256, one]))
  const sent = (stores: NonNullable<Machine['stores']>): readonly Issued[] =>
    windowsSends({ leaf: stores.My[0]!, stores, at }).map(({ sha256 }) => known.get(sha256)!)

  const kinds: readonly (Omit<Machine, 'address' | 'restart' | 'mend'> & {
    readonly list?: readonly Issued[]
    readonly further?: readonly Binding[]
    readonly drop?: Issued
  })[] = [
    { name: 'adfs1', role: 'adfs', defect: 'has no intermediate certificate', stores: windows([]) },
    { name: 'adfs2', role: 'adfs', defect: null, stores: windows([issuing]) },
    {
      name: 'wap1',
      role: 'wap',
      defect: 'has the intermediate of before the last renewal, which has expired',
      stores: windows([stale]),
      drop: stale,
    },
    {
      name: 'wap2',
      role: 'wap',
      defect: 'has the intermediate as another root signed it, which has expired',
      stores: windows([expiredCross], [abroad, root]),
      drop: expiredCross,
    },
    {
      name: 'lb1',
      role: 'balancer',
      defect: 'sends the root in place of the intermediate',
      stores: null,
      list: [leaf, root],
    },
    {
      name: 'adfs3',
      role: 'adfs',
      defect: 'has the certificate of last year bound for connections without a name',
      stores: windows([issuing]),
      further: [{ name: null, port: ports.https, list: [oldLeaf, issuing] }],
    },
  ]
  const setups = kinds.map(
    ({ name, role, stores, list, further = [] }): NodeSetup => ({
      name,
      role,
      bindings: name === 'lb1' && !balancer ? [] : [...bindings(list ?? sent(stores!)), ...further],
    }),
  )
  const nodes = await startNodes(setups)
  const isNamed = (binding: Binding) => binding.name !== null
  const machines = kinds.map(({ name, role, defect, stores, drop, further }): Machine => {
    const restart = () => {
      if (stores) nodes.bind(name, sent(stores), isNamed)
    }
    return {
      name,
      role,
      defect,
      stores,
      address: nodes.address(name),
      restart,
      mend: () => {
        if (!stores || further) nodes.bind(name, [leaf, issuing])
        else if (defect !== null) {
          const without = stores.CA.filter(({ sha256 }) => drop === undefined || sha256 !== read(drop).sha256)
          stores.CA = [...without, read(issuing)]
          restart()
        }
      },
    }
  })
  return {
    names,
    ports,
    root,
    issuing,
    leaf,
    machines,
    connections: nodes.connections,
    inventory: (anchorFile) => `policy:
  trust-anchor: ${JSON.stringify(anchorFile)}
  offline: true
farms:
  - name: ${names.service}
    names: [${names.certauth}, ${names.registration}]
    ports: [${ports.https}, ${ports.userCertificates}]
    nodes:
${nodes.inventory(({ role }) => (role === 'balancer' ? ', tls-ends-at: nginx' : ''))}`,
    close: nodes.close,
  }
}

function certificates(at: Date) {
  // Keys that follow from a name are known to everyone. Those of a farm somebody may trust for a moment are not.
  const chance = randomUUID()
  const issue = (options: IssueOptions, key = JSON.stringify(options.subject)): Issued =>
    issueAt({ at, keyName: `${chance} ${key}`, ...options })
  const days = (count: number) => new Date(at.getTime() + count * 86_400_000)
  const root = issue({ subject: 'Contoso Demo Root CA', ca: true })
  const abroad = issue({ subject: 'Old Demo Root CA', ca: true })
  const authority = { subject: 'Contoso Demo Issuing CA 1', ca: { pathLength: 0 } } as const
  const issuing = issue({ ...authority, issuer: root })
  const before = { ...authority, key: issuing.key, notBefore: days(-1_825), notAfter: days(-30) }
  const stale = issue({ ...before, issuer: root })
  const expiredCross = issue({ ...before, issuer: abroad })
  const own = { subject: names.service, issuer: issuing, names: Object.values(names) }
  const leaf = issue({ ...own, notBefore: days(-24), notAfter: days(341) })
  const oldLeaf = issue({ ...own, notBefore: days(-400), notAfter: days(-10) }, 'the key of last year')
  return { root, abroad, issuing, stale, expiredCross, leaf, oldLeaf }
}

/** As AD FS binds them in alternate mode with device registration, and 49443 beside. */
const bindings = (list: readonly Issued[]): readonly Binding[] => [
  { name: names.service, port: ports.https, list },
  { name: names.service, port: ports.userCertificates, list, asksForCertificate: true },
  { name: names.certauth, port: ports.https, list, asksForCertificate: true },
  { name: names.registration, port: ports.https, list },
]

function read({ der }: Issued): Certificate {
  const result = parseCertificate(der)
  if (!result.ok) throw new Error(`${result.problem.field}: ${result.problem.message}`)
  return result.certificate
}
