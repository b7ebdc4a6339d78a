import { listed, say, type Words } from '../words/words.js'
import type { Demand, Renewal } from './actions.js'

/** What a new certificate must be, as the end of a sentence. */
export function demanded(demand: Demand): Words {
  switch (demand.kind) {
    case 'names':
      return say`with ${listed(demand.names.map((name): Words => [{ untrusted: name }]))} as DNS subject alternative ${demand.names.length === 1 ? 'name' : 'names'}`
    case 'validity':
      return say`valid now`
    case 'server-authentication':
      return say`with the extended key usage Server Authentication`
    case 'key-usage':
      return say`with the key usage Digital Signature`
    case 'stronger-key':
      return say`with a new key, RSA of at least 2048 bits or P-256`
    case 'stronger-signature':
      return say`signed with SHA-256 or better`
    case 'known-authority':
      return say`from a public authority whose root the phones have`
    case 'renewed-issuer':
      return say`issued by the renewed ${{ certificate: demand.certificate }}`
    case 'constraints':
      return say`from an authority that may issue this name (${{ certificate: demand.certificate }} may not)`
    case 'other':
      return say`without the fault told above`
  }
}

/** What the authority's new certificate must be, as the end of a sentence. */
export function renewed(renewal: Renewal): Words {
  switch (renewal.kind) {
    case 'validity':
      return say`same name and key, valid for longer (a public authority may have done so: see its pages)`
    case 'own-name':
      return say`under a name of its own, other than that of the authority that issues it`
    case 'is-authority':
      return say`same name and key, with the basic constraint cA`
    case 'may-sign':
      return say`same name and key, with the key usage Certificate Signing (keyCertSign)`
    case 'path-length':
      return say`same name and key, with a path length that allows the authorities below it, or without one`
    case 'server-authentication':
      return say`same name and key, with the extended key usage Server Authentication, or without that extension`
    case 'stronger-key':
      return say`with a new key, RSA of at least 2048 bits or P-256`
    case 'stronger-signature':
      return say`same name and key, signed with SHA-256 or better`
    case 'constraint-without-dot':
      return say`same name and key, with the constraint written without the dot: ${{ untrusted: renewal.constraint.slice(1) }} (RFC 5280 section 4.2.1.10; AD CS: section ${{ code: 'NameConstraintsPermitted' }} of Policy.inf). It still covers everything below, on Windows too, and server certificates need not be replaced`
    case 'other':
      return say`same name and key, without the fault told above`
  }
}

/** Whether the certificates below stay as they are: same name, same key. */
export const keepsChildren = ({ kind }: Renewal): boolean => kind !== 'own-name' && kind !== 'stronger-key'
