import { deviceRegistrationService, roles, rootAgencyThumbprint } from '../adfs/farm.js'
import type { KitInput } from './plan.js'
import { thumbprintOf } from './thumbprint.js'

/**
 * The PowerShell 5.1 script of the kit. Code holds hashes, Base64 and the target's A-label name only; no text of a
 * certificate gets into it. Lines end in `\n`.
 */
export function installScript({ name, port, at, version, intermediates, servers }: KitInput): string {
  const rows = intermediates.map(({ certificate }) => {
    const { der, sha256 } = certificate
    const thumbprint = thumbprintOf(certificate)
    const base64 = Buffer.from(der)
      .toString('base64')
      .match(/.{1,100}/g)!
      .map((line) => `            '${line}'`)
      .join(' +\n')
    return `    @{\n        Sha256 = '${sha256}'\n        Thumbprint = '${thumbprint}'\n        Base64 = (\n${base64})\n    }`
  })
  const target = `${name.includes(':') ? `[${name}]` : name}${port === 443 ? '' : `:${port}`}`
  return template
    .replaceAll('@TARGET@', target)
    .replaceAll('@DATE@', at.toISOString().slice(0, 10))
    .replaceAll('@VERSION@', version)
    .replaceAll(
      '@CHECKS@',
      servers.map((server) => `    Write-Host '  adfs-check ${target} --server ${server}'`).join('\n'),
    )
    .replaceAll('@ROOTAGENCY@', rootAgencyThumbprint)
    .replaceAll('@SERVICES@', [...services].map((service) => `'${service}'`).join(', '))
    .replaceAll('@CERTIFICATES@', rows.join('\n'))
}

/** adfssrv first: the others need it. */
const services = new Set([...roles['ad-fs'].services, deviceRegistrationService, ...roles.proxy.services])

const template = `#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
    Adds the intermediate certificates that @TARGET@ has to send to Android.
.DESCRIPTION
    Made by adfs-check @VERSION@ from a check of @DATE@. Run it on every AD FS server and every Web Application Proxy,
    or name them with -ComputerName. It adds certificates to Local Computer \\ Intermediate Certification Authorities,
    never to Trusted Root, and touches no private key. Running it twice changes nothing the second time.
.PARAMETER Store
    CA: Intermediate Certification Authorities (default). My: Personal, the way of Microsoft's Intune page.
.PARAMETER Remove
    Undo: removes the certificates that this script added, and only those.
.PARAMETER Restart
    Restarts the AD FS and proxy services found on the server, so that they send the new chain.
.PARAMETER ComputerName
    Servers to run on over WinRM (port 5985), one after the other; the first failure ends the run, so that the rest of
    the farm stays as it is. Without it: this computer.
.PARAMETER Credential
    Account for those servers. Proxies are usually in no domain and need one.
.EXAMPLE
    .\\Install-Intermediates.ps1 -WhatIf
.EXAMPLE
    .\\Install-Intermediates.ps1 -Restart
.EXAMPLE
    .\\Install-Intermediates.ps1 -ComputerName wap01, wap02 -Credential (Get-Credential) -Restart
.EXAMPLE
    .\\Install-Intermediates.ps1 -Remove -Restart
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
param(
    [ValidateSet('CA', 'My')]
    [string] $Store = 'CA',
    [switch] $Remove,
    [switch] $Restart,
    [string[]] $ComputerName = @(),
    [System.Management.Automation.PSCredential] $Credential
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$certificates = @(
@CERTIFICATES@
)

# Runs on each server. Preferences do not cross into a remote session, so -WhatIf and -Confirm are handed over.
$work = {
    param($Certificates, [string] $Store, [bool] $Remove, [bool] $Restart, [bool] $WhatIf, $Confirm)

    Set-StrictMode -Version 2.0
    $ErrorActionPreference = 'Stop'
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        throw "$($env:COMPUTERNAME) allows only $($ExecutionContext.SessionState.LanguageMode) here. Import the .cer files by hand, see README.md."
    }
    $mark = 'added by adfs-check'

    function Open-LocalStore([string] $Name, [string] $Mode) {
        $opened = New-Object System.Security.Cryptography.X509Certificates.X509Store($Name, 'LocalMachine')
        $opened.Open($Mode)
        return , $opened
    }

    function Read-Verified($Entry) {
        $bytes = [Convert]::FromBase64String($Entry.Base64)
        $digest = [System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
        $sha256 = [BitConverter]::ToString($digest).Replace('-', '').ToLowerInvariant()
        if ($sha256 -ne $Entry.Sha256) { throw "This script was changed: SHA-256 is $sha256, not $($Entry.Sha256)." }
        $certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2(, $bytes)
        if ($certificate.Thumbprint -ne $Entry.Thumbprint) { throw "Unexpected thumbprint $($certificate.Thumbprint)." }
        if ($certificate.Subject -eq $certificate.Issuer) { throw "$($Entry.Thumbprint) is self-signed: a root does not belong here." }
        $constraints = $certificate.Extensions | Where-Object { $_ -is [System.Security.Cryptography.X509Certificates.X509BasicConstraintsExtension] }
        if (-not $constraints -or -not $constraints.CertificateAuthority) { throw "$($Entry.Thumbprint) is not a certification authority." }
        $now = Get-Date
        if ($now -lt $certificate.NotBefore -or $now -gt $certificate.NotAfter) { throw "$($Entry.Thumbprint) is not valid now." }
        return $certificate
    }

    function Show-Misplaced($Wanted) {
        $root = Open-LocalStore 'Root' 'ReadOnly'
        $ca = Open-LocalStore 'CA' 'ReadOnly'
        $my = Open-LocalStore 'My' 'ReadOnly'
        $untrusted = Open-LocalStore 'Disallowed' 'ReadOnly'
        try {
            foreach ($found in @($root.Certificates | Where-Object { $_.Subject -ne $_.Issuer })) {
                Write-Warning "$($env:COMPUTERNAME): $($found.Thumbprint) in Trusted Root is not self-signed. It can break the trust between proxy and AD FS; move it to Intermediate Certification Authorities."
            }
            foreach ($found in @($ca.Certificates | Where-Object { $_.Subject -eq $_.Issuer -and $_.Thumbprint -ne '@ROOTAGENCY@' })) {
                Write-Warning "$($env:COMPUTERNAME): $($found.Thumbprint) in Intermediate Certification Authorities is self-signed. A root belongs into Trusted Root."
            }
            $names = @($Wanted | ForEach-Object { $_.Subject })
            $prints = @($Wanted | ForEach-Object { $_.Thumbprint })
            foreach ($found in @($untrusted.Certificates | Where-Object { $prints -contains $_.Thumbprint })) {
                Write-Warning "$($env:COMPUTERNAME): $($found.Thumbprint) is in Untrusted Certificates. Windows does not use it until it is removed from there."
            }
            foreach ($found in @(@($ca.Certificates) + @($my.Certificates) | Where-Object { ($names -contains $_.Subject) -and ($prints -notcontains $_.Thumbprint) })) {
                Write-Warning "$($env:COMPUTERNAME): $($found.Thumbprint) has the same subject as a certificate of this kit and expires $($found.NotAfter). If the server goes on sending it, remove it."
            }
        }
        finally {
            foreach ($opened in @($root, $ca, $my, $untrusted)) { $opened.Close() }
        }
    }

    function Update-LocalStore {
        [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
        param($Wanted, [string] $Store, [bool] $Remove)
        $mode = 'ReadWrite'
        if ($WhatIfPreference) { $mode = 'ReadOnly' }
        $local = Open-LocalStore $Store $mode
        try {
            foreach ($certificate in $Wanted) {
                $action = 'none'
                $present = @($local.Certificates | Where-Object { $_.Thumbprint -eq $certificate.Thumbprint })
                if ($Remove) {
                    $own = @($present | Where-Object { $_.FriendlyName -eq $mark })
                    $action = 'left alone: not added by this script'
                    if ($present.Count -eq 0) { $action = 'not present' }
                    if ($own.Count -gt 0) {
                        $action = 'would be removed'
                        if ($PSCmdlet.ShouldProcess("$($env:COMPUTERNAME) LocalMachine\\$Store", "Remove $($certificate.Thumbprint)")) {
                            $local.Remove($own[0])
                            $action = 'removed'
                        }
                    }
                }
                elseif ($present.Count -gt 0) {
                    $action = 'already present'
                }
                else {
                    $action = 'would be added'
                    if ($PSCmdlet.ShouldProcess("$($env:COMPUTERNAME) LocalMachine\\$Store", "Add $($certificate.Thumbprint)")) {
                        $certificate.FriendlyName = $mark
                        $local.Add($certificate)
                        $stored = @($local.Certificates | Where-Object { $_.Thumbprint -eq $certificate.Thumbprint })
                        if ($stored.Count -eq 0) { throw "$($certificate.Thumbprint) is not in LocalMachine\\$Store after adding it." }
                        $stored[0].FriendlyName = $mark
                        $action = 'added'
                    }
                }
                New-Object PSObject -Property @{
                    Computer = $env:COMPUTERNAME
                    Store = "LocalMachine\\$Store"
                    Thumbprint = $certificate.Thumbprint
                    Subject = $certificate.Subject
                    Action = $action
                }
            }
        }
        finally {
            $local.Close()
        }
    }

    function Restart-FederationService {
        [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
        param()
        # adfssrv runs on AD FS servers and on proxies, appproxysvc on proxies only, drs where Device Registration is used.
        foreach ($name in @(@SERVICES@)) {
            $service = Get-Service -Name $name -ErrorAction SilentlyContinue
            if ($service -and $service.Status -eq 'Running') {
                if ($PSCmdlet.ShouldProcess("$($env:COMPUTERNAME) $name", 'Restart service')) {
                    Restart-Service -Name $name -Force
                }
            }
        }
    }

    $common = @{ WhatIf = $WhatIf }
    if ($null -ne $Confirm) { $common['Confirm'] = [bool] $Confirm }
    $wanted = @($Certificates | ForEach-Object { Read-Verified $_ })
    Show-Misplaced $wanted
    Update-LocalStore -Wanted $wanted -Store $Store -Remove $Remove @common
    if ($Restart) { Restart-FederationService @common }
}

$confirmation = $null
if ($PSBoundParameters.ContainsKey('Confirm')) { $confirmation = [bool] $PSBoundParameters['Confirm'] }
$arguments = @($certificates, $Store, [bool] $Remove, [bool] $Restart, [bool] $WhatIfPreference, $confirmation)

if ($ComputerName.Count -eq 0) {
    & $work @arguments
}
else {
    foreach ($computer in $ComputerName) {
        $session = @{ ComputerName = $computer; ScriptBlock = $work; ArgumentList = $arguments }
        if ($Credential) { $session['Credential'] = $Credential }
        Invoke-Command @session
    }
}

if (-not $WhatIfPreference) {
    Write-Host ''
    if (-not $Restart) { Write-Host 'The services go on sending the old chain until they are restarted: run again with -Restart.' }
    Write-Host 'Then check each server from outside:'
@CHECKS@
}
`
