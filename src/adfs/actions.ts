import type { CaseKey, SubjectId } from '../farm/subject.js'
import type { Sha256 } from '../x509/identity.js'

/** Stores of the Windows computer account by their own names; formats speak their labels beside them. */
export type Store = 'CA' | 'My' | 'Root' | 'Disallowed'

/** What a new certificate must be, where one is to be ordered. */
export type Demand =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'validity' }
  | { readonly kind: 'server-authentication' }
  | { readonly kind: 'key-usage' }
  | { readonly kind: 'stronger-key' }
  | { readonly kind: 'stronger-signature' }
  | { readonly kind: 'known-authority' }
  /** Issued by the authority's certificate once that was renewed. */
  | { readonly kind: 'renewed-issuer'; readonly certificate: Sha256 }
  | { readonly kind: 'constraints'; readonly certificate: Sha256 }
  | { readonly kind: 'other' }

/** What an authority's certificate must become; its administrator's business, nobody buys or binds it. */
export type Renewal =
  | { readonly kind: 'validity' }
  | { readonly kind: 'own-name' }
  | { readonly kind: 'is-authority' }
  | { readonly kind: 'may-sign' }
  | { readonly kind: 'path-length' }
  | { readonly kind: 'server-authentication' }
  | { readonly kind: 'stronger-key' }
  | { readonly kind: 'stronger-signature' }
  /** `constraint`: the permitted DNS name as it is, with the dot in front; raw. */
  | { readonly kind: 'constraint-without-dot'; readonly constraint: string }
  | { readonly kind: 'other' }

/** Something to look at before anything is changed; each has one spelling in `adfs/`. */
export type Lookup =
  | { readonly kind: 'certification-path'; readonly certificate: Sha256 }
  | { readonly kind: 'bindings' }
  /** Whether what one place is shown is the server's own, or of a device in between. */
  | { readonly kind: 'own-certificate'; readonly certificate: Sha256 }
  | { readonly kind: 'services' }
  | { readonly kind: 'tls-settings' }
  | { readonly kind: 'clock' }
  | { readonly kind: 'firewall' }
  | { readonly kind: 'device-at-address' }
  | { readonly kind: 'dns'; readonly host: string }
  | { readonly kind: 'issuer-kind'; readonly certificate: Sha256 }
  | { readonly kind: 'ocsp-stapling' }
  | { readonly kind: 'client-certificate-binding' }

/** One thing for one person to do, as data: spoken per role, terminator and shell by `adfs/`, listed by the plan. */
export type Action =
  | { readonly verb: 'import'; readonly certificates: readonly Sha256[]; readonly store: Store }
  | { readonly verb: 'remove'; readonly certificate: Sha256 }
  | { readonly verb: 'disable-root'; readonly root: Sha256 | null; readonly twinOf: Sha256 }
  | { readonly verb: 'restart' }
  /** `certificate`: the one to be presented, usually the leaf of today. */
  | { readonly verb: 'rebind'; readonly certificate: Sha256 }
  /** Another server has the right certificate: this one is to present it too. */
  | { readonly verb: 'bind'; readonly certificate: Sha256 }
  /** The private key at hand is not that of `certificate`. */
  | { readonly verb: 'repair-key'; readonly certificate: Sha256 }
  | { readonly verb: 'reboot' }
  | { readonly verb: 'reissue'; readonly certificate: Sha256 | null; readonly demands: readonly Demand[] }
  /** The authority issues its own certificate anew; then it is imported in place of the old one. */
  | { readonly verb: 'renew-authority'; readonly certificate: Sha256; readonly renewal: Renewal }
  /** One server at a time, in the order of the step: out of the balancer, changed, checked, back. */
  | { readonly verb: 'drain' }
  /** What this plan changed is put back, should it have made things worse. */
  | { readonly verb: 'undo' }
  /** For whoever ends TLS without Windows' stores: what its bundle must hold, leaf first. */
  | { readonly verb: 'edit-bundle'; readonly chain: readonly Sha256[] }
  | { readonly verb: 'delete-binding' }
  /** Several servers stand behind one address: name each with --server. */
  | { readonly verb: 'name-nodes' }
  /** The issuer of `child` could not be fetched: export it from a server's own certification path, or from the URLs. */
  | { readonly verb: 'fetch-by-hand'; readonly child: Sha256; readonly urls: readonly string[] }
  | { readonly verb: 'look'; readonly at: Lookup }
  /** Write the kit: a command of ours. */
  | { readonly verb: 'save' }
  /** The target was an address. `name`: one that its certificate has; the plan finds it. */
  | { readonly verb: 'check-by-name'; readonly name?: string }
  | { readonly verb: 'run-again'; readonly where: 'here' | 'elsewhere' | 'later'; readonly from?: string }
  /** As `remove`, of what breaks nothing: no service need notice it. */
  | { readonly verb: 'tidy'; readonly certificate: Sha256 }
  /** TLS inspection is to leave the farm's name alone. */
  | { readonly verb: 'exempt' }
  /** `from`: label of the place it is to be run at, where there are several. */
  | { readonly verb: 'confirm'; readonly from?: string }

/** Who does it. */
export type Person = 'adfs-admin' | 'certificate-buyer' | 'network-admin' | 'whoever-checks' | 'ca-admin'

/** One step of the plan: in order, each once, however many findings ask for it. */
export interface Step {
  readonly on: readonly SubjectId[]
  readonly by: Person
  readonly action: Action
  /** Command of ours, as arguments without the program's name; null where the step is not one. */
  readonly argv: readonly string[] | null
  /** Keys of the cases that ask for it. */
  readonly because: readonly CaseKey[]
}
