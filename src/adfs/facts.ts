import type { Role } from '../farm/subject.js'
import type { Store } from './actions.js'

/**
 * What an AD FS farm is, as data. Sources are Microsoft's pages as of 2026 ("AD FS requirements", "Manage SSL
 * certificates in AD FS and WAP", the AD FS FAQ), the cmdlet references of Windows Server 2012 R2 to 2025, and the checks
 * of the AD FS Toolbox.
 */

/** A role that Windows itself plays. */
export type WindowsRole = Exclude<Role, 'balancer' | 'unknown'>

export const titles: Readonly<Record<WindowsRole, { readonly one: string; readonly many: string }>> = {
  wap: { one: 'Web Application Proxy', many: 'Web Application Proxies' },
  adfs: { one: 'AD FS server', many: 'AD FS servers' },
}

/** Windows services to restart, in order. On a proxy adfssrv answers for AD FS and /adfs/probe, appproxysvc for applications. */
export const services: Readonly<Record<WindowsRole, readonly string[]>> = {
  adfs: ['adfssrv'],
  wap: ['adfssrv', 'appproxysvc'],
}

/** Device Registration Service: a Windows service of its own where the farm has it enabled. */
export const deviceRegistrationService = 'drs'

/** Stores of the computer account. Windows builds the chain it sends from Root, CA, My and Trust together. */
export const stores: Readonly<Record<Store, { readonly path: string; readonly label: string }>> = {
  CA: { path: 'Cert:\\LocalMachine\\CA', label: 'Intermediate Certification Authorities' },
  My: { path: 'Cert:\\LocalMachine\\My', label: 'Personal' },
  Root: { path: 'Cert:\\LocalMachine\\Root', label: 'Trusted Root Certification Authorities' },
  Disallowed: { path: 'Cert:\\LocalMachine\\Disallowed', label: 'Untrusted Certificates' },
}

/** `CN=Root Agency`: self-signed, and in the Intermediate Certification Authorities store of every Windows. */
export const rootAgencyThumbprint = 'FEE449EE0E3965A5246F000E87FDE2A065FD89D4'

/** Answered with 200 over plain HTTP on port 80 while adfssrv runs; balancers take a node out by it. GET only. */
export const probePath = '/adfs/probe'

/** Application id of AD FS bindings in `netsh http show sslcert`. */
export const applicationId = '{5d89a20c-beab-4389-9447-324788eb944a}'

/** Windows Server releases whose AD FS differs for us; 2019 to 2025 are as 2016. */
export type WindowsServer = '2012 R2' | '2016'

export interface WindowsFacts {
  /** Windows PowerShell in the box: 4.0 has no Import-PowerShellDataFile and does not run the kit's script. */
  readonly powershell: '4.0' | '5.1'
  /** Set-AdfsSslCertificate on the primary reaches every node (from farm behaviour level 2016); else it is run on each. */
  readonly rebindOn: 'primary' | 'each'
  /**
   * `certauth.NAME`:443 for user certificates, and Set-AdfsAlternateTlsClientBinding to set it: "AD FS support for
   * alternate hostname binding", from Windows Server 2016.
   */
  readonly alternateTlsClientBinding: boolean
}

export const windows: Readonly<Record<WindowsServer, WindowsFacts>> = {
  '2012 R2': { powershell: '4.0', rebindOn: 'each', alternateTlsClientBinding: false },
  '2016': { powershell: '5.1', rebindOn: 'primary', alternateTlsClientBinding: true },
}
