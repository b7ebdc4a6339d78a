import { listed, say, type Words } from '../words/words.js'
import type { Demand } from './actions.js'

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
    case 'intermediate-renewed':
      return say`with a renewed ${{ certificate: demand.certificate }}`
    case 'constraints':
      return say`from an authority that may issue this name (${{ certificate: demand.certificate }} may not)`
    case 'other':
      return say`without the fault told above`
  }
}
