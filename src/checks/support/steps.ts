import type { CheckContext, Finding, JudgedEndpoint } from '../check.js'
import { type CertificateFact, factOf, leafOf } from './certificates.js'

type Where = Pick<Finding<unknown>, 'endpoint'>

/** The server as an administrator finds it. */
export const atServer = ({ endpoint }: Where): string =>
  endpoint === null ? 'every AD FS and proxy server' : `the AD FS or proxy server behind ${endpoint}`

/** The command that shows from outside whether the fix works; `expect` is what it should then say. */
export function confirm(context: CheckContext, { endpoint }: Where, expect: string): string {
  return `Confirm from outside: ${recheck(context, endpoint)} (${expect}).`
}

/** Without an endpoint: all servers of this run, which DNS may not list. */
export function recheck({ target, endpoints }: CheckContext, endpoint: string | null): string {
  const servers =
    endpoint !== null ? [endpoint] : endpoints.length <= maxNamed ? endpoints.map(({ id }) => id) : []
  const name = target.name.includes(':') ? `[${target.name}]` : target.name
  const port = target.port === 443 ? '' : `:${target.port}`
  return `adfs-check ${name}${port}${servers.map((server) => ` --server ${server}`).join('')}`
}

/** More addresses than that are what DNS says, and too long for a command. */
const maxNamed = 6

export interface Source {
  readonly certificate: CertificateFact
  /** URL, file or server. */
  readonly from: string
}

/** `"Contoso Issuing CA", thumbprint 3f9a…, from http://…`. */
export const sources = (wanted: readonly Source[]): string =>
  wanted
    .map(
      ({ certificate, from }) => `"${certificate.name}", thumbprint ${certificate.thumbprint}, from ${from}`,
    )
    .join('; ')

/** Adds certificates to the store that Windows builds its chain from. */
export function importSteps(context: CheckContext, where: Where, wanted: readonly Source[]): string[] {
  return [
    `AD FS administrator: take the files from the kit (${recheck(context, where.endpoint)} --kit DIR) or get them yourself: ${sources(wanted)}.`,
    `On ${atServer(where)}, as local administrator, for each file: Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA (Local Computer, Intermediate Certification Authorities; never Trusted Root).`,
    ...applySteps(context, where),
  ]
}

/** Makes the services present what is now in the stores, from the mildest to the surest way. */
export function applySteps(context: CheckContext, where: Where): string[] {
  return [
    'Restart there, one server at a time: Restart-Service adfssrv; on a Web Application Proxy also Restart-Service appproxysvc. If the server still sends the old chain, set the certificate again: ' +
      `${rebind(leafAt(context, where))}; then reboot in a maintenance window.`,
    'If a load balancer ends TLS at this address, its administrator changes the chain there instead (the intermediate certificates of its server certificate), not on Windows.',
  ]
}

/** Removes a stale certificate, so that Windows cannot choose it. */
export const removeStep = (where: Where, stale: CertificateFact): string =>
  `On ${atServer(where)}, as local administrator, remove "${stale.name}": Get-ChildItem Cert:\\LocalMachine\\CA, Cert:\\LocalMachine\\My, Cert:\\CurrentUser\\CA | Where-Object Thumbprint -eq ${stale.thumbprint.toUpperCase()} | Remove-Item. If it comes back or is not there, look in the store of the SYSTEM account too.`

/** Replaces the certificate of the farm. `demand` says what the new one must be. */
export function reissueSteps(context: CheckContext, where: Where, demand: string): string[] {
  return [
    `Whoever orders the certificates: request a new certificate for ${context.target.name} ${demand}, with its private key as PFX.`,
    'AD FS administrator, on every AD FS and proxy server: Import-PfxCertificate -FilePath FILE.pfx -CertStoreLocation Cert:\\LocalMachine\\My -Password (Read-Host -AsSecureString), and the intermediates of its chain with Import-Certificate into Cert:\\LocalMachine\\CA.',
    `Then put it into service: ${rebind(leafAt(context, where), 'NEWTHUMBPRINT')}. If a load balancer ends TLS, its administrator installs it there with its chain.`,
    confirm(context, where, 'the new certificate is accepted'),
  ]
}

/** Farms that answer on certauth.NAME set all their bindings with a cmdlet of their own. */
function rebind(
  leaf: { readonly thumbprint: string; readonly certauth: boolean } | null,
  use?: string,
): string {
  const thumbprint = use ?? leaf?.thumbprint.toUpperCase() ?? 'THUMBPRINT'
  const farm = leaf?.certauth
    ? `Set-AdfsAlternateTlsClientBinding -Thumbprint ${thumbprint} on the primary AD FS server`
    : `Set-AdfsSslCertificate -Thumbprint ${thumbprint} on the primary AD FS server (on 2012 R2: on each)`
  return `${farm}, Set-WebApplicationProxySslCertificate -Thumbprint ${thumbprint} on each proxy`
}

function leafAt({ endpoints }: CheckContext, { endpoint }: Where) {
  const server: JudgedEndpoint | undefined =
    endpoints.find(({ id }) => id === endpoint) ?? (endpoint === null ? endpoints[0] : undefined)
  const leaf = server && leafOf(server)
  if (!leaf) return null
  const certauth = leaf.subjectAltNames?.some(
    ({ type, value }) => type === 'dns' && value.toLowerCase().startsWith('certauth.'),
  )
  return { thumbprint: factOf(leaf).thumbprint, certauth: certauth ?? false }
}
