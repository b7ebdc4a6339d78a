#Requires -RunAsAdministrator
<#
.SYNOPSIS
    Adds the intermediate certificates of this folder to a server, so that it sends them to Android.
.DESCRIPTION
    Part of a kit of adfs-check; these bytes are the same in every kit of one version, and docs/reference/kit.md has their
    SHA-256. What is to be added stands in certificates.json and the .cer files beside this script; each is checked by its
    SHA-256 before use. Run it on every AD FS server and every Web Application Proxy, or name them with -ComputerName. It
    adds certificates to the computer's store CA (Intermediate Certification Authorities), never to Root (Trusted Root),
    and touches no private key. Running it twice changes nothing the second time. Needs Windows PowerShell 5.1.
.PARAMETER Store
    CA: Intermediate Certification Authorities (default). My: Personal, the way of Microsoft's Intune page.
.PARAMETER Remove
    Undo: removes what this script added, and only that, expired or not, from CA and My (with -Store: from that one only).
    With -MoveMisplaced it also moves back what that switch moved.
.PARAMETER MoveMisplaced
    Moves certificates that are not self-signed from Root to CA: there they can break the trust between proxy and AD FS.
    Without this switch they are only reported.
.PARAMETER Restart
    Restarts the AD FS and proxy services found on the server, so that they send the new chain. Asks before each one;
    -Confirm:$false does not.
.PARAMETER ComputerName
    Servers to run on over WinRM (port 5985), one after the other; the first failure ends the run, so that the rest of
    the farm stays as it is. Without it: this computer.
.PARAMETER Credential
    Account for those servers. Proxies are usually in no domain and need one.
.EXAMPLE
    .\Install-Intermediates.ps1 -WhatIf
.EXAMPLE
    .\Install-Intermediates.ps1 -Restart
.EXAMPLE
    .\Install-Intermediates.ps1 -ComputerName wap01, wap02 -Credential (Get-Credential) -Restart -Confirm:$false
.EXAMPLE
    .\Install-Intermediates.ps1 -Remove -Restart
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
param(
    [ValidateSet('CA', 'My')]
    [string] $Store = 'CA',
    [switch] $Remove,
    [switch] $MoveMisplaced,
    [switch] $Restart,
    [string[]] $ComputerName = @(),
    [System.Management.Automation.PSCredential] $Credential
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# Windows Server 2012 R2 has PowerShell 4.0; application control leaves only the constrained language.
if ($PSVersionTable.PSVersion.Major -lt 5 -or $ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    $byHand = @(Get-ChildItem -Path $PSScriptRoot -Filter '*.cer' | ForEach-Object { "certutil -addstore $Store $($_.Name)" })
    throw "This script needs Windows PowerShell 5.1 and the full language; here is $($PSVersionTable.PSVersion), $($ExecutionContext.SessionState.LanguageMode). By hand, in this folder: $($byHand -join '; ')"
}

# The SHA-256 that SHA256SUMS, beside the script, has for a file.
function Get-ListedHash([string] $Name) {
    foreach ($line in @(Get-Content -LiteralPath (Join-Path $PSScriptRoot 'SHA256SUMS'))) {
        if ($line -match '^([0-9a-f]{64})  (.+)$' -and $Matches[2] -eq $Name) { return $Matches[1] }
    }
    throw "SHA256SUMS does not list $Name. Write the kit again."
}

function Read-Data {
    $path = Join-Path $PSScriptRoot 'certificates.json'
    $sha256 = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash
    if ($sha256 -ne (Get-ListedHash 'certificates.json')) { throw "certificates.json was changed: SHA-256 is $sha256. Write the kit again." }
    $data = Get-Content -LiteralPath $path -Raw | ConvertFrom-Json
    if ($data.format -ne 1) { throw "certificates.json has format $($data.format), this script reads 1." }
    return $data
}

# One certificate of the kit with its bytes, which go to remote servers as text.
function Read-File($Entry) {
    if ($Entry.file -notmatch '^[A-Za-z0-9][A-Za-z0-9-]*\.cer$') { throw "certificates.json names an unexpected file." }
    $bytes = [System.IO.File]::ReadAllBytes((Join-Path $PSScriptRoot $Entry.file))
    return @{ Sha256 = [string] $Entry.sha256; Base64 = [Convert]::ToBase64String($bytes) }
}

# Runs on each server. Preferences do not cross into a remote session, so -WhatIf and -Confirm are handed over.
$work = {
    param($Certificates, [string[]] $Stores, [bool] $Remove, [bool] $MoveMisplaced, [bool] $Restart, [bool] $WhatIf, $Confirm)

    Set-StrictMode -Version 2.0
    $ErrorActionPreference = 'Stop'
    if ($PSVersionTable.PSVersion.Major -lt 5 -or $ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        throw "$($env:COMPUTERNAME) has $($PSVersionTable.PSVersion), $($ExecutionContext.SessionState.LanguageMode). By hand there, for each .cer file: certutil -addstore $($Stores[0]) FILE"
    }
    $added = 'added by adfs-check'
    $moved = 'moved by adfs-check from Root'

    function Open-LocalStore([string] $Name, [string] $Mode) {
        $opened = New-Object System.Security.Cryptography.X509Certificates.X509Store($Name, 'LocalMachine')
        $opened.Open($Mode)
        return , $opened
    }

    # The certificate of the kit: these bytes, an authority, no root. Undo asks no more of it; adding also that it is valid.
    function Read-Verified($Entry, [bool] $ForUse) {
        $bytes = [Convert]::FromBase64String($Entry.Base64)
        $digest = [System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
        $sha256 = [BitConverter]::ToString($digest).Replace('-', '')
        if ($sha256 -ne $Entry.Sha256) { throw "A .cer file was changed: SHA-256 is $sha256, not $($Entry.Sha256)." }
        $certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2(, $bytes)
        if (Test-SelfSigned $certificate) { throw "$($certificate.Thumbprint) is self-signed: a root does not belong here." }
        $constraints = @($certificate.Extensions | Where-Object { $_ -is [System.Security.Cryptography.X509Certificates.X509BasicConstraintsExtension] })
        if ($constraints.Count -ne 1 -or -not $constraints[0].CertificateAuthority) { throw "$($certificate.Thumbprint) is not a certification authority." }
        $now = Get-Date
        if ($ForUse -and ($now -lt $certificate.NotBefore -or $now -gt $certificate.NotAfter)) { throw "$($certificate.Thumbprint) is not valid now." }
        return $certificate
    }

    # Names are compared as they are encoded: their text depends on the display language.
    function Get-NameBytes($Name) { return [BitConverter]::ToString($Name.RawData) }
    function Test-SelfSigned($Certificate) { return (Get-NameBytes $Certificate.SubjectName) -eq (Get-NameBytes $Certificate.IssuerName) }
    function Get-Identity($Certificate) { return (Get-NameBytes $Certificate.SubjectName) + ' ' + $Certificate.GetPublicKeyString() }

    function Show-Misplaced($Wanted) {
        $root = Open-LocalStore 'Root' 'ReadOnly'
        $ca = Open-LocalStore 'CA' 'ReadOnly'
        $my = Open-LocalStore 'My' 'ReadOnly'
        $untrusted = Open-LocalStore 'Disallowed' 'ReadOnly'
        $here = $env:COMPUTERNAME
        try {
            foreach ($found in @($root.Certificates | Where-Object { -not (Test-SelfSigned $_) })) {
                Write-Warning "${here}: $($found.Thumbprint) in Root (Trusted Root) is not self-signed. It can break the trust between proxy and AD FS; -MoveMisplaced moves it to CA."
            }
            # FEE449EE...: "Root Agency", which every Windows has there.
            foreach ($found in @($ca.Certificates | Where-Object { (Test-SelfSigned $_) -and $_.Thumbprint -ne 'FEE449EE0E3965A5246F000E87FDE2A065FD89D4' })) {
                Write-Warning "${here}: $($found.Thumbprint) in CA (Intermediate Certification Authorities) is self-signed. If it is to be trusted it belongs into Root; that is for you to decide."
            }
            $identities = @($Wanted | ForEach-Object { Get-Identity $_ })
            $names = @($Wanted | ForEach-Object { Get-NameBytes $_.SubjectName })
            $prints = @($Wanted | ForEach-Object { $_.Thumbprint })
            foreach ($found in @($root.Certificates | Where-Object { (Test-SelfSigned $_) -and ($identities -contains (Get-Identity $_)) })) {
                Write-Warning "${here}: $($found.Thumbprint) in Root is the self-signed form of a certificate of this kit. While it is trusted, Windows sends the shorter chain that ends there and the import shows no effect: in certlm.msc, Properties, Disable all purposes for this certificate (README.md, with the risk)."
            }
            foreach ($found in @($untrusted.Certificates | Where-Object { $prints -contains $_.Thumbprint })) {
                Write-Warning "${here}: $($found.Thumbprint) is in Disallowed (Untrusted Certificates). Windows does not use it until it is removed from there."
            }
            foreach ($found in @(@($ca.Certificates) + @($my.Certificates) | Where-Object { ($names -contains (Get-NameBytes $_.SubjectName)) -and ($prints -notcontains $_.Thumbprint) })) {
                Write-Warning "${here}: $($found.Thumbprint) has the same name as a certificate of this kit and expires $($found.NotAfter.ToString('yyyy-MM-dd')). If the server goes on sending it, remove it."
            }
        }
        finally {
            foreach ($opened in @($root, $ca, $my, $untrusted)) { $opened.Close() }
        }
    }

    function New-Result([string] $Store, $Certificate, [string] $Action) {
        return New-Object PSObject -Property @{
            Computer = $env:COMPUTERNAME
            Store = "LocalMachine\$Store"
            Thumbprint = $Certificate.Thumbprint
            Subject = $Certificate.Subject
            Action = $Action
        }
    }

    # Adds a certificate under a mark, by which the undo knows it.
    function Add-Marked($Local, $Certificate, [string] $Mark) {
        $Certificate.FriendlyName = $Mark
        $Local.Add($Certificate)
        $stored = @($Local.Certificates | Where-Object { $_.Thumbprint -eq $Certificate.Thumbprint })
        if ($stored.Count -eq 0) { throw "$($Certificate.Thumbprint) is not in $($Local.Name) after adding it." }
        $stored[0].FriendlyName = $Mark
    }

    function Update-LocalStore {
        [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
        param($Wanted, [string] $Store, [bool] $Remove)
        $mode = 'ReadWrite'
        if ($WhatIfPreference) { $mode = 'ReadOnly' }
        $local = Open-LocalStore $Store $mode
        try {
            foreach ($certificate in $Wanted) {
                $present = @($local.Certificates | Where-Object { $_.Thumbprint -eq $certificate.Thumbprint })
                if ($Remove) {
                    $own = @($present | Where-Object { $_.FriendlyName -eq $added })
                    $action = 'left alone: not added by this script'
                    if ($present.Count -eq 0) { $action = 'not present' }
                    if ($own.Count -gt 0) {
                        $action = 'would be removed'
                        if ($PSCmdlet.ShouldProcess("$($env:COMPUTERNAME) LocalMachine\$Store", "Remove $($certificate.Thumbprint)")) {
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
                    if ($PSCmdlet.ShouldProcess("$($env:COMPUTERNAME) LocalMachine\$Store", "Add $($certificate.Thumbprint)")) {
                        Add-Marked $local $certificate $added
                        $action = 'added'
                    }
                }
                New-Result $Store $certificate $action
            }
        }
        finally {
            $local.Close()
        }
    }

    # Intermediates from Root to CA, or back again what an earlier run moved.
    function Move-Misplaced {
        [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
        param([bool] $Back)
        $mode = 'ReadWrite'
        if ($WhatIfPreference) { $mode = 'ReadOnly' }
        $root = Open-LocalStore 'Root' $mode
        $ca = Open-LocalStore 'CA' $mode
        try {
            $from = $root
            $to = $ca
            $chosen = @($root.Certificates | Where-Object { -not (Test-SelfSigned $_) })
            if ($Back) {
                $from = $ca
                $to = $root
                $chosen = @($ca.Certificates | Where-Object { $_.FriendlyName -eq $moved })
            }
            foreach ($certificate in $chosen) {
                $action = "would be moved to $($to.Name)"
                if ($PSCmdlet.ShouldProcess("$($env:COMPUTERNAME) LocalMachine\$($from.Name)", "Move $($certificate.Thumbprint) to $($to.Name)")) {
                    $present = @($to.Certificates | Where-Object { $_.Thumbprint -eq $certificate.Thumbprint })
                    # Only public bytes: what has a private key stays where it is.
                    if ($certificate.HasPrivateKey) {
                        $action = 'left alone: it has a private key'
                    }
                    else {
                        $copy = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2(, $certificate.RawData)
                        $mark = $moved
                        if ($Back) { $mark = '' }
                        if ($present.Count -eq 0) { Add-Marked $to $copy $mark }
                        $from.Remove($certificate)
                        $action = "moved to $($to.Name)"
                    }
                }
                New-Result $from.Name $certificate $action
            }
        }
        finally {
            $root.Close()
            $ca.Close()
        }
    }

    function Restart-FederationService {
        [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
        param()
        # adfssrv runs on AD FS servers and on proxies, drs where Device Registration is used, appproxysvc on proxies only.
        foreach ($name in @('adfssrv', 'drs', 'appproxysvc')) {
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
    $wanted = @($Certificates | ForEach-Object { Read-Verified $_ (-not $Remove) })
    if ($MoveMisplaced) { Move-Misplaced -Back $Remove @common }
    Show-Misplaced $wanted
    foreach ($name in $Stores) { Update-LocalStore -Wanted $wanted -Store $name -Remove $Remove @common }
    if ($Restart) { Restart-FederationService @common }
}

$data = Read-Data
$certificates = @($data.certificates | ForEach-Object { Read-File $_ })
# Whoever undoes need not remember which store it was.
$stores = @($Store)
if ($Remove -and -not $PSBoundParameters.ContainsKey('Store')) { $stores = @('CA', 'My') }
$confirmation = $null
if ($PSBoundParameters.ContainsKey('Confirm')) { $confirmation = [bool] $PSBoundParameters['Confirm'] }
$arguments = @($certificates, $stores, [bool] $Remove, [bool] $MoveMisplaced, [bool] $Restart, [bool] $WhatIfPreference, $confirmation)

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
    if (-not $Restart) { Write-Host 'The services go on sending the old chain until they are restarted: run again with -Restart.' }
    Write-Host 'Then check each server from outside, where adfs-check is:'
    foreach ($line in @($data.checks)) { Write-Host $line }
}
