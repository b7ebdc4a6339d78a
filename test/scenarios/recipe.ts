import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Release } from '../../src/android/releases.js'
import type { CheckId } from '../../src/checks/registry.js'
import type { Terminator } from '../../src/farm/subject.js'

/**
 * A recipe (`fixtures/scenarios/<name>/recipe.json`) says first what is true of a farm, then how the farm is built. The
 * truth is written before anything is rendered: goldens cannot make a mistake of ours the rule.
 */
export interface Recipe {
  /** What is wrong, and why somebody meets it. */
  readonly why: string
  readonly verdict: 'ok' | 'warning' | 'critical' | 'unknown'
  /** Id of the first finding; null: nothing is critical or a warning. */
  readonly cause: CheckId | null
  /** The certificate that the cause is about: its name in `certificates`. Left out: none, or nobody has it. */
  readonly about?: string
  /** Servers to mend, as the plan addresses them. */
  readonly servers: readonly string[]
  /** What is to be done there, in order: verbs of the plan with their certificates; `mends` in expected.ts says which. */
  readonly fix: readonly string[]
  /** Releases of those asked about that accept each server as it is: `10-17`, `10-13, 15` or `none`. */
  readonly accepts: Readonly<Record<string, string>>
  /** Releases that accept once the printed fix was followed, `10-17` or `none`. Left out: the fix is not an import. */
  readonly promised?: string
  /** Further findings that are no mere consequence of the cause: each is another defect. */
  readonly also?: readonly CheckId[]
  /** The details are held by a golden file, too. */
  readonly verbose?: boolean
  readonly farm: FarmRecipe
}

export interface FarmRecipe {
  /** As typed; default `sts.contoso.com`. */
  readonly target?: string
  readonly at?: string
  /** Changes to the certificates of world.json, and new ones. */
  readonly certificates?: Readonly<Record<string, CertificateRecipe>>
  /** Host to addresses; one that is not here does not exist. Default: the target stands for every address served. */
  readonly dns?: Readonly<Record<string, readonly string[]>>
  /** Where a server listens (`203.0.113.10:443`), and what it does. */
  readonly servers: Readonly<Record<string, ServerRecipe>>
  /** URL to what is answered: a certificate, or a web page in its place. Others are not found. */
  readonly web?: Readonly<Record<string, string | { readonly html: string }>>
  readonly options?: OptionsRecipe
}

export interface OptionsRecipe {
  /** Nodes as `--node` has them. */
  readonly inventory?: {
    readonly names?: readonly string[]
    readonly upnSuffixes?: readonly string[]
    readonly ports?: readonly number[]
    readonly nodes?: readonly string[]
  }
  readonly servers?: readonly string[]
  readonly tlsEndsAt?: Terminator
  readonly android?: string
  readonly offline?: boolean
  readonly repeat?: number
  readonly timeoutMs?: number
  readonly aiaAllowPrivate?: boolean
  /** Names of certificates; each is a file of that name. */
  readonly trustAnchors?: readonly string[]
  readonly deviceCas?: readonly string[]
  readonly remembered?: readonly string[]
  readonly intermediates?: readonly string[]
}

export interface CertificateRecipe {
  /** Common name, or attributes in order. */
  readonly subject?: string | readonly (readonly [string, string])[]
  /** Name of the issuing certificate; left out: self-signed. */
  readonly issuer?: string | null
  /** Default `rsa-2048`; the key itself follows from kind and subject. */
  readonly key?: string
  /** Another key than the subject's own. */
  readonly keyName?: string
  readonly ca?: boolean | { readonly pathLength: number }
  readonly from?: string
  readonly to?: string
  readonly names?: readonly string[] | null
  readonly aia?: readonly string[] | null
  readonly hash?: 'sha1' | 'sha256' | 'md5'
  readonly version?: 1 | 3
  readonly keyUsage?: readonly number[]
  readonly purposes?: readonly string[]
  /** dNSNames of a critical nameConstraints extension. */
  readonly permitted?: readonly string[]
  readonly authorityKeyIdentifier?: string
  /** Issued to the public key of this SubjectPublicKeyInfo, base64. */
  readonly spki?: string
  /** Octets of an extension that means nothing, to make the certificate large. */
  readonly padding?: number
  /** A certificate of public record, base64. */
  readonly der?: string
}

/** What a server does. `sends` and `stores` are for servers with a certificate, all else changes how. */
export interface ServerRecipe {
  /** The certificate list. */
  readonly sends?: readonly string[]
  /** The stores of a Windows server, which builds the list itself from them and `My`'s first certificate. */
  readonly stores?: {
    readonly My: readonly string[]
    readonly CA: readonly string[]
    readonly Root: readonly string[]
  }
  /** A second chain beside the first, of another kind of key. */
  readonly besides?: readonly string[]
  /** What clients without TLS 1.3 get instead. */
  readonly olderClients?: readonly string[]
  /** Machines behind one address, which take turns. */
  readonly turns?: readonly ServerRecipe[]
  /** For a hello without a name: another list, or a reset as HTTP.sys does. */
  readonly unnamed?: readonly string[] | 'reset'
  /** Names it has bindings for; another one is answered like none. Left out: it answers to any. */
  readonly knows?: readonly string[]
  /** As with the private key of another certificate (TLS 1.2 only). */
  readonly signature?: 'wrong'
  readonly tls?: readonly [
    'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
    'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
  ]
  readonly ciphers?: string
  readonly groups?: string
  readonly alpn?: readonly string[]
  readonly clientCertificate?: boolean
  readonly staple?: 'good' | 'revoked' | 'stale' | 'unknown' | 'other-signer' | 'try-later'
  /** The list as it is, by RSA key exchange: no key is needed, and entries may be anything (`!text`: these letters). */
  readonly shows?: readonly string[]
  readonly does?: 'silence' | 'reset' | 'refuse' | 'http' | { readonly alert: number }
}

export const folder = join(import.meta.dirname, '../../fixtures/scenarios')
export const names: readonly string[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const parsed = <T>(...path: string[]): T => JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as T
export const recipeOf = (name: string): Recipe => parsed<Recipe>(name, 'recipe.json')
/** What all farms share: certificates and web addresses. */
export const world = parsed<{
  at: string
  certificates: Record<string, CertificateRecipe>
  web: Record<string, string>
}>('world.json')

export const fileOf = (name: string, file: string): string => join(folder, name, file)
/** Text of a golden or a case. */
export const textOf = (name: string, file: string): string => readFileSync(fileOf(name, file), 'utf8')

/** `10-17` or `4.4, 7.0-9`: releases of `all` in the words of a recipe. */
export function rangesOf(chosen: readonly Release[], all: readonly Release[]): string {
  const runs: Release[][] = []
  for (const release of all.filter((one) => chosen.includes(one))) {
    const run = runs.at(-1)
    if (run && all.indexOf(release) === all.indexOf(run.at(-1)!) + 1) run.push(release)
    else runs.push([release])
  }
  return runs.map((run) => (run.length === 1 ? run[0] : `${run[0]}-${run.at(-1)}`)).join(', ') || 'none'
}
