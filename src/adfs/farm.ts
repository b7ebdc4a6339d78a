/**
 * What an AD FS farm is, as data. Sources are Microsoft's pages as of 2026 ("AD FS requirements", "Manage SSL
 * certificates in AD FS and WAP", the AD FS FAQ) and the checks of the AD FS Toolbox.
 */

export type Role = 'proxy' | 'ad-fs'

export interface RoleFacts {
  readonly title: string
  /** Windows services to restart, in order. */
  readonly services: readonly string[]
  /** Puts a certificate into all bindings of the role. */
  readonly rebind: (thumbprint: string) => string
  readonly rebindOn: string
}

export const roles: Readonly<Record<Role, RoleFacts>> = {
  'ad-fs': {
    title: 'AD FS server',
    services: ['adfssrv'],
    rebind: (thumbprint) => `Set-AdfsSslCertificate -Thumbprint ${thumbprint}`,
    rebindOn: 'the primary AD FS server (on Windows Server 2012 R2: on each)',
  },
  proxy: {
    title: 'Web Application Proxy',
    // On a proxy adfssrv answers for AD FS and /adfs/probe, appproxysvc for published applications.
    services: ['adfssrv', 'appproxysvc'],
    rebind: (thumbprint) => `Set-WebApplicationProxySslCertificate -Thumbprint ${thumbprint}`,
    rebindOn: 'each Web Application Proxy',
  },
}

/** Device Registration Service: a Windows service of its own where the farm has it enabled. */
export const deviceRegistrationService = 'drs'

/**
 * Rebinds a farm that takes user certificates on `certauth.NAME`:443. There Set-AdfsSslCertificate, given a certificate
 * without that name, would move them to port 49443.
 */
export const rebindCertauth = (thumbprint: string): string =>
  `Set-AdfsAlternateTlsClientBinding -Thumbprint ${thumbprint}`

export const restartCommands = (role: Role): readonly string[] =>
  roles[role].services.map((service) => `Restart-Service ${service}`)

/** Stores of the computer account, as PowerShell names them. Windows builds the chain it sends from these. */
export const stores = {
  intermediate: 'Cert:\\LocalMachine\\CA',
  personal: 'Cert:\\LocalMachine\\My',
  root: 'Cert:\\LocalMachine\\Root',
  untrusted: 'Cert:\\LocalMachine\\Disallowed',
} as const

/** `CN=Root Agency`: self-signed, and in the Intermediate Certification Authorities store of every Windows. */
export const rootAgencyThumbprint = 'FEE449EE0E3965A5246F000E87FDE2A065FD89D4'

/** Answered with 200 over plain HTTP on port 80 while adfssrv runs; balancers take a node out by it. GET only. */
export const probePath = '/adfs/probe'

/** Application id of AD FS bindings in `netsh http show sslcert`. */
export const applicationId = '{5d89a20c-beab-4389-9447-324788eb944a}'
