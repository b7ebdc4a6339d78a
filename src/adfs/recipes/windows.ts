import { say, type Words } from '../../words/words.js'
import type { Store } from '../actions.js'
import {
  deviceRegistrationService,
  services,
  stores,
  titles,
  type WindowsRole,
  type WindowsServer,
  windows,
} from '../facts.js'

/**
 * Every cmdlet and menu of AD FS and Windows that we ever print, each once. Lines are for Windows PowerShell, elevated.
 * Sources: Microsoft, "Manage SSL certificates in AD FS and WAP" (2025-04), KB954755, KB2831004, netsh http.
 */

/** The script of the kit, in its folder. */
export const scriptName = 'Install-Intermediates.ps1'
export const scriptLine = (...switches: readonly string[]): string =>
  [`.\\${scriptName}`, ...switches].join(' ')

export const storeSwitch = (store: Store): readonly string[] => (store === 'CA' ? [] : ['-Store', store])

/** Stands for a file whose name only its exporter knows. */
export const exportedFile = 'EXPORTED.cer'

/** The authority's new certificate, as its administrator names it. */
export const renewedFile = 'RENEWED.cer'

/** Without PowerShell 5.1: Windows Server 2012 R2, constrained language, scripts forbidden. */
export const certutilLine = (store: Store, file: string): string => `certutil -addstore ${store} ${file}`
export const importLine = (store: Store, file: string): string =>
  `Import-Certificate -FilePath .\\${file} -CertStoreLocation ${stores[store].path}`

/** What a store holds, into a file. */
export const storeListLine = (store: Store, file: string): string => `certutil -store ${store} > ${file}`

/** What is about to be removed, into a file beside the kit's. */
export const keepLine = (thumbprint: string): string =>
  `Get-ChildItem ${stores.CA.path}, ${stores.My.path}, Cert:\\CurrentUser\\CA | Where-Object Thumbprint -eq ${thumbprint} | Select-Object -First 1 | Export-Certificate -FilePath .\\removed-${thumbprint.slice(0, 8)}.cer`

/** Also of the administrator's own account, where the certificate manager puts what is imported by a double click. */
export const removeLine = (thumbprint: string): string =>
  `Get-ChildItem ${stores.CA.path}, ${stores.My.path}, Cert:\\CurrentUser\\CA | Where-Object Thumbprint -eq ${thumbprint} | Remove-Item`

export const findRootLine = (thumbprint: string): string =>
  `Get-ChildItem ${stores.Root.path} | Where-Object Thumbprint -eq ${thumbprint}`

/** Whether the computer has a certificate with its key. */
export const findOwnLine = (thumbprint: string): string =>
  `Get-ChildItem ${stores.My.path} | Where-Object { $_.HasPrivateKey -and $_.Thumbprint -eq '${thumbprint}' }`

export const restartLines = (role: WindowsRole): readonly string[] => [
  ...services[role].map((service) => `Restart-Service ${service}`),
  ...(role === 'adfs'
    ? [`Get-Service ${deviceRegistrationService} -ErrorAction SilentlyContinue | Restart-Service`]
    : []),
]

/** Balancers see it by its probe; started again it takes up what is then in the stores. */
export const drainLines = {
  out: `Stop-Service ${services.adfs[0]}`,
  back: `Start-Service ${services.adfs[0]}`,
} as const

export const rebootLine = 'Restart-Computer'

export interface PlacedLines {
  readonly where: Words
  readonly lines: readonly string[]
}

const primary = (server: WindowsServer | null): string => {
  if (server !== null)
    return windows[server].rebindOn === 'primary' ? 'the primary AD FS server' : 'each AD FS server'
  return 'the primary AD FS server (Windows Server 2012 R2: on each)'
}

/**
 * Sets the TLS certificate of a role; `thumbprint` may be an expression. A farm that takes user certificates on
 * `certauth.NAME`:443 has a cmdlet of its own for all its bindings; a name in the certificate does not prove that it
 * does, so the bindings are asked.
 */
export function rebind(
  role: WindowsRole,
  thumbprint: string,
  certauth: string | null,
  server: WindowsServer | null,
): readonly PlacedLines[] {
  if (role === 'wap')
    return [
      {
        where: [`on each ${titles.wap.one}`],
        lines: [`Set-WebApplicationProxySslCertificate -Thumbprint ${thumbprint}`],
      },
    ]
  const plain = { lines: [`Set-AdfsSslCertificate -Thumbprint ${thumbprint}`] }
  if (certauth === null || (server !== null && !windows[server].alternateTlsClientBinding))
    return [{ ...plain, where: [`on ${primary(server)}`] }]
  return [
    {
      where: say`on ${primary(server)}, where ${{ code: bindingLines.adfs }} lists ${{ untrusted: certauth }} on port 443`,
      lines: [`Set-AdfsAlternateTlsClientBinding -Thumbprint ${thumbprint}`],
    },
    {
      ...plain,
      where: [`on ${primary(server)}, where it lists no such name`],
    },
  ]
}

/** Puts a PFX into the computer's Personal store and keeps its thumbprint for the next line. */
export const importPfxLine = `$new = Import-PfxCertificate -FilePath .\\NEW.pfx -CertStoreLocation ${stores.My.path} -Password (Read-Host -AsSecureString)`
export const newThumbprint = '$new.Thumbprint'

/** Ties a certificate to the private key that belongs to it, where the computer has that key; says whether it fits. */
export const repairKeyLine = (thumbprint: string): string => `certutil -repairstore My ${thumbprint}`
/** The one at hand, exported with its key from a server that is in order. */
export const importGivenPfxLine = `Import-PfxCertificate -FilePath .\\CERTIFICATE.pfx -CertStoreLocation ${stores.My.path} -Password (Read-Host -AsSecureString)`

export const bindingLines = {
  adfs: 'Get-AdfsSslCertificate',
  wap: 'Get-WebApplicationProxySslCertificate',
  all: 'netsh http show sslcert',
} as const

export const deleteBindingLine = (port: number): string => `netsh http delete sslcert ipport=0.0.0.0:${port}`

export const serviceLines: readonly string[] = [
  `Get-Service ${services.wap.join(', ')} -ErrorAction SilentlyContinue`,
]

const schannel = 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL'
export const tlsSettingLines: readonly string[] = [
  'Get-TlsCipherSuite | Format-Table Name',
  'Get-TlsEccCurve',
  `Get-ChildItem ${schannel}\\Protocols -Recurse`,
]
export const clockLine = 'w32tm /query /status'
export const staplingSetting = { value: 'EnableOcspStaplingForSni', below: schannel } as const
export const verifyLine = 'certutil -verify -urlfetch leaf.cer'

/** certlm.msc: the way of Microsoft's Intune page, "Android device is missing a required certificate". */
export const certificationPath: Words = say`run ${{ code: 'certlm.msc' }}, open Personal > Certificates, the certificate of the federation service, its tab Certification Path`
export const exportParents: Words = say`${certificationPath}. For each certificate above it except the topmost (the root): View Certificate > Details > Copy to File > DER encoded binary X.509 (.CER). The tab may look complete although the server does not send the chain: it fetches by itself`
export const disablePurposes: Words = say`in ${{ code: 'certlm.msc' }} under ${stores.Root.label}, open its Properties and choose Disable all purposes for this certificate`
