import { say, type Words } from '../../words/words.js'
import { probePath, stores, titles, type WindowsServer } from '../facts.js'
import { certutilLine, disablePurposes, importLine, scriptLine, scriptName } from './windows.js'

/** The import without the kit's script, and what may keep that script from running. */

export const psImports = (files: readonly string[]): readonly string[] =>
  files.map((file) => importLine('CA', file))
export const certutilImports = (files: readonly string[]): readonly string[] =>
  files.map((file) => certutilLine('CA', file))

export const onEachServer = (which: string): Words =>
  say`On each server, in an elevated PowerShell, ${which} (${{ code: 'Import-Certificate' }} takes only the first certificate of a .p7b):`
export const withCertutil: Words = say`On Windows Server 2012 R2, or where PowerShell is restricted, in an elevated prompt:`

/** What the kit has for the certificate manager. */
export const bundleFile = {
  name: 'intermediates.p7b',
  about: 'all of them in one file, for certlm.msc and balancers',
} as const

const placeIn = (label: string): Words =>
  say`Place all certificates in the following store: ${{ code: label }}`

export const byCertlm = (bundle: string): Words =>
  say`Or in ${{ code: 'certlm.msc' }}: ${stores.CA.label} > Certificates > Action > All Tasks > Import, choose ${{ code: bundle }}, ${placeIn(stores.CA.label)}.`

/** Microsoft, "Android device is missing a required certificate" (2026-03-30). */
export const intunePage = (which: string): Words =>
  say`The page exports the parents and imports them into Personal. On every ${titles.adfs.one} and every ${titles.wap.one}: run ${{ code: 'certlm.msc' }}, open Personal > Certificates, Action > All Tasks > Import, choose ${which}, ${placeIn(stores.My.label)}. Not "automatically", and never Trusted Root. The script does the same with ${{ code: '-Store My' }}, where there is one.`

export const whyBothStores: Words = say`Both stores work because Windows looks for issuers in Root, CA, My (Personal) and Trust of the computer when it builds the chain it sends (documented for chain engines in general; that the TLS stack uses the same is inferred).`

export const drain: Words = say`Proxies first, because phones meet them first, then AD FS servers; one server at a time. To take a server out of a balancer first: ${{ code: `http://SERVER${probePath}` }} (port 80) is answered by the service ${{ code: 'adfssrv' }}, so stopping that service drains it.`

export const afterRestart: Words = say`See whether Trusted Root holds a self-signed certificate of the same name and key as one of the intermediates (the script warns of it): Windows then sends the shorter chain that ends there, until ${disablePurposes}. Or a second intermediate of the same name is in a store of the computer or of the SYSTEM account: it must go.`

export const scriptHindrances = (server: WindowsServer | null): readonly Words[] => [
  say`Execution policy: ${{ code: `powershell -ExecutionPolicy Bypass -File ${scriptLine('-Restart')}` }}. A policy set by group policy wins over that. With RemoteSigned a file that came from the Internet or a share is refused until ${{ code: `Unblock-File ${scriptLine()}` }}; with AllSigned sign it with a certificate of your own, or import by hand.`,
  say`It asks before each restart; ${{ code: scriptLine('-Restart', '-Confirm:$false') }} does not.`,
  say`Constrained language mode (application control): import by hand.`,
  say`${server === '2012 R2' ? 'Windows Server 2012 R2 has' : 'Windows Server 2012 R2 and older have'} PowerShell 4.0, which the script refuses: import by hand.`,
  say`The bytes of ${{ code: scriptName }} are the same in every kit of this version; the documentation has their SHA-256, so that one review is enough. What is to be imported stands in ${{ code: 'certificates.json' }}.`,
]

export const scriptUndoLine = scriptLine('-Remove', '-Restart')
