import { issue } from '../../src/demo/authority.js'
import { type Binding, type NodeSetup, type RunningNodes, startNodes } from '../../src/demo/nodes.js'

/** Stand for 443, which takes rights, and for the port of user certificates, which is what it is. */
export const ports = { https: 8443, userCertificates: 49443 } as const

export const at = new Date('2026-11-24T12:00:00Z')
export const names = {
  service: 'sts.contoso.com',
  certauth: 'certauth.sts.contoso.com',
  registration: 'enterpriseregistration.contoso.com',
} as const

const issuingName = 'Contoso Issuing CA 1'
export const root = issue({ subject: 'Contoso Global Root', ca: true })
export const issuing = issue({ subject: issuingName, issuer: root, ca: true })
/** The same authority before its key was changed. */
export const stale = issue({
  subject: issuingName,
  keyName: 'Contoso Issuing CA 1, before',
  issuer: root,
  ca: true,
})
const abroad = issue({ subject: 'Old Cross Root', ca: true })
/** The root as another authority vouched for it, until last month. */
export const expiredCross = issue({
  subject: 'Contoso Global Root',
  key: root.key,
  issuer: abroad,
  ca: true,
  notBefore: new Date('2016-01-01'),
  notAfter: new Date('2026-10-24'),
})
export const leaf = issue({
  subject: names.service,
  issuer: issuing,
  names: Object.values(names),
  notBefore: new Date('2026-11-01'),
  notAfter: new Date('2027-11-01'),
})
/** What was bound before the last renewal. */
export const oldLeaf = issue({
  subject: names.service,
  keyName: 'the key before',
  issuer: issuing,
  names: [names.service],
  notBefore: new Date('2025-10-01'),
  notAfter: new Date('2026-11-14'),
})

/** Every name and port as AD FS binds them in alternate mode with device registration, and 49443 beside. */
export const bindings = (list: Binding['list']): readonly Binding[] => [
  { name: names.service, port: ports.https, list },
  { name: names.service, port: ports.userCertificates, list, asksForCertificate: true },
  { name: names.certauth, port: ports.https, list, asksForCertificate: true },
  { name: names.registration, port: ports.https, list },
]

/**
 * Six machines, three names, two ports: AD FS leaf only; AD FS complete; a proxy with a stale intermediate; a proxy with an
 * expired cross-certificate; a balancer that sends the root; AD FS complete, with a fallback binding of the old
 * certificate.
 */
export const sixNodes: readonly NodeSetup[] = [
  { name: 'adfs1', role: 'adfs', bindings: bindings([leaf]) },
  { name: 'adfs2', role: 'adfs', bindings: bindings([leaf, issuing]) },
  { name: 'wap1', role: 'wap', bindings: bindings([leaf, stale]) },
  { name: 'wap2', role: 'wap', bindings: bindings([leaf, issuing, expiredCross]) },
  { name: 'lb1', role: 'balancer', bindings: bindings([leaf, issuing, root]) },
  {
    name: 'adfs3',
    role: 'adfs',
    bindings: [...bindings([leaf, issuing]), { name: null, port: ports.https, list: [oldLeaf, issuing] }],
  },
]

/** Of the real one as much as is looked at, with what a stranger might put there. */
const metadata = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>
<EntityDescriptor entityID="http://${names.service}/adfs/services/trust" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<fed:SecurityTokenServiceEndpoint><Address>https://${names.service}:49443/adfs/services/trust/2005/certificatetransport</Address>
<Address>https://${names.certauth}/adfs/services/trust/13/certificatemixed</Address></fed:SecurityTokenServiceEndpoint>
</EntityDescriptor>`

export const startSixNodes = (): Promise<RunningNodes> =>
  startNodes(
    sixNodes.map((node) => ({
      ...node,
      pages: { '/FederationMetadata/2007-06/FederationMetadata.xml': metadata },
    })),
  )

/** `adfs-check.yaml` of the six, with the root beside it as `root.pem`. */
export const inventoryOf = (farm: RunningNodes): string => `policy:
  trust-anchor: root.pem
  offline: true
  timeout: 5
farms:
  - name: ${names.service}
    names: [${names.certauth}, ${names.registration}]
    ports: [${ports.https}, ${ports.userCertificates}]
    nodes:
${farm.inventory(({ role }) => (role === 'balancer' ? ', tls-ends-at: nginx' : ''))}`
