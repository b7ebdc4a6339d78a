import {
  applicationId,
  deviceRegistrationService,
  probePath,
  rebindCertauth,
  restartCommands,
  roles,
  stores,
} from '../adfs/farm.js'
import type { Certificate } from '../x509/certificate.js'
import { certificateFileName } from './file-names.js'
import type { KitInput } from './plan.js'
import { thumbprintOf } from './thumbprint.js'

/** The change ticket: what is to be done, by whom, where, how to see that it worked, and how to undo it. Markdown. */
export function readme(kit: KitInput): string {
  const target = `${kit.name.includes(':') ? `[${kit.name}]` : kit.name}${kit.port === 443 ? '' : `:${kit.port}`}`
  const sections = [
    heading(kit, target),
    kit.intermediates.length > 0 ? files(kit) : '',
    kit.unresolved.length > 0 ? unresolved(kit) : '',
    kit.intermediates.length > 0
      ? `${order}\n\n${byScript}\n\n${byHand(kit)}\n\n${microsoftsWay(kit)}\n\n${whyBoth}`
      : '',
    restart,
    verify(kit, target),
    stillOld(kit),
    kit.wrongRoot ? wrongRoot(kit.wrongRoot, target) : '',
    balancer,
    kit.intermediates.length > 0 ? undo : '',
    `Made by adfs-check ${kit.version} from a check at ${kit.at.toISOString()}.`,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

const heading = (
  { promise, at }: KitInput,
  target: string,
) => `# Make ${target} send its complete certificate chain

On ${at.toISOString().slice(0, 10)} some servers behind ${target} did not send every intermediate certificate. Android apps do not fetch
missing ones and refuse to sign in ("...your device is missing a required certificate"); Windows and desktop browsers
fetch them, which is why nothing looks wrong there. Users and phones need no change. ${promise}`

function files({ intermediates }: KitInput): string {
  const rows = intermediates.map(({ certificate, from, servers }) =>
    [
      `- \`${certificateFileName(certificate)}.cer\` (and \`.pem\`)`,
      `  - subject: ${inline(certificate.subject.text)}`,
      `  - SHA-256: \`${certificate.sha256}\`, valid until ${certificate.notAfter.toISOString().slice(0, 10)}`,
      `  - found: ${inline(from)}`,
      `  - missing on: ${servers.join(', ')}`,
    ].join('\n'),
  )
  return `## Files

${rows.join('\n')}
- \`intermediates.p7b\`: all of them in one file, for certlm.msc and balancers
- \`fullchain*.pem\`: server certificate and intermediates in order, for a balancer that ends TLS (no private key)
- \`Install-Intermediates.ps1\`: does it all, with \`-WhatIf\`, \`-Remove\` and \`-ComputerName\`
- \`SHA256SUMS\`: checksums of these files

No root is among them: phones have their own, and an intermediate or root in the wrong store can break the trust between
proxy and AD FS.`
}

function unresolved({ unresolved: issuers }: KitInput): string {
  const list = issuers.map(
    ({ subject, urls }) =>
      `- ${inline(subject)}${urls.length > 0 ? ` (offered at ${urls.map(inline).join(', ')})` : ''}`,
  )
  return `## Could not be fetched: export it yourself

${list.join('\n')}

On an AD FS server: certlm.msc > Personal > Certificates > open the certificate of the federation service > *Certification
Path*. For each certificate above it except the topmost (the root): select it > *View Certificate* > *Details* > *Copy to
File* > DER encoded binary X.509 (.CER). Import each file as below. The tab may look complete although the server does not
send the chain: it fetches by itself.`
}

const order = `## Order

Proxies (WAP) first, because phones meet them first, then AD FS servers; one server at a time. Take the server out of
the balancer: \`http://SERVER${probePath}\` (port 80) is answered by the service adfssrv, so stopping that service
drains the node by itself.`

const byScript = `## Way 1: the script (recommended)

On each server, in an elevated PowerShell:

    .\\Install-Intermediates.ps1 -WhatIf
    .\\Install-Intermediates.ps1 -Restart

It verifies each certificate (SHA-256, CA flag, not self-signed, valid) and adds it to *Local Computer \\ Intermediate
Certification Authorities* if it is not there. If the execution policy forbids scripts:
\`powershell -ExecutionPolicy Bypass -File .\\Install-Intermediates.ps1 -Restart\`.`

const byHand = ({ intermediates }: KitInput) => `## Way 1 by hand

On each server, in an elevated PowerShell, once per file (\`Import-Certificate\` takes only the first certificate of a .p7b):

${intermediates.map(({ certificate }) => `    Import-Certificate -FilePath .\\${certificateFileName(certificate)}.cer -CertStoreLocation ${stores.intermediate}`).join('\n')}

Or in \`certlm.msc\`: *Intermediate Certification Authorities* > *Certificates* > *Action* > *All Tasks* > *Import*, choose
\`intermediates.p7b\`, *Place all certificates in the following store*: **Intermediate Certification Authorities**.`

const microsoftsWay = ({ intermediates }: KitInput) => `## Way 2: as on Microsoft's Intune page

The page *Android device is missing a required certificate* exports the parents and imports them into Personal; the files
here take the place of its export steps. On every AD FS server and every proxy:

1. Run \`certlm.msc\`.
2. Open *Certificates - Local Computer* > *Personal* > *Certificates*.
3. *Action* > *All Tasks* > *Import*, choose ${intermediates.map(({ certificate }) => `\`${certificateFileName(certificate)}.cer\``).join(', then ')}.
4. *Place all certificates in the following store*: **Personal**. Not "automatically", and never *Trusted Root*.
5. Restart (below), and repeat on the next server.

The script does the same with \`-Store My\`.`

const whyBoth = `Both ways work because Windows looks for issuers in the stores Root, CA, My (Personal) and Trust of the computer when it
builds the chain it sends (documented for chain engines in general; that the TLS stack uses the same is inferred).`

const restart = `## Restart

- ${roles.proxy.title}: ${restartCommands('proxy').map(code).join(', ')}
- ${roles['ad-fs'].title}: ${restartCommands('ad-fs').map(code).join(', ')} (and \`Restart-Service ${deviceRegistrationService}\` where that service exists)`

const verify = ({ servers }: KitInput, target: string) => `## Verify each server, from outside

${servers.map((server) => `    adfs-check ${target} --server ${server}`).join('\n')}

Then the whole name, and again after the next reboot and after each renewal: \`adfs-check ${target}\`. In Windows terms: the
handshake now carries the leaf and every intermediate, in order, without the root.`

function stillOld({ chains }: KitInput): string {
  const leaf = chains[0]?.chain[0]
  const thumbprint = leaf ? thumbprintOf(leaf) : 'THUMBPRINT'
  const certauth = leaf?.subjectAltNames?.some(
    ({ type, value }) => type === 'dns' && value.toLowerCase().startsWith('certauth.'),
  )
  const adfs = certauth ? rebindCertauth(thumbprint) : roles['ad-fs'].rebind(thumbprint)
  return `## If a server still sends the old chain

Windows builds the chain when the service takes up its certificate and keeps it. In this order, checking after each:

1. Make sure that the answer comes from this server: check its own address, not the name. If the node is right and the
   public address is not, something in front of it ends TLS (below).
2. Restart the services (above).
3. Set the same certificate again: ${code(adfs)} on ${roles['ad-fs'].rebindOn},
   ${code(roles.proxy.rebind(thumbprint))} on ${roles.proxy.rebindOn}.
   That this rebinds with an unchanged thumbprint is unconfirmed.
4. Remove stale intermediates of the same name (the script lists them), also from the store of the SYSTEM account, which
   certlm.msc does not show, and from CurrentUser\\CA.
5. Look for entries headed \`IP:port\` in \`netsh http show sslcert\`: one may overrule the binding for the name. Bindings
   of AD FS have the application id ${code(applicationId)}.
6. Reboot in a maintenance window.`
}

/** Windows sends the shortest of several valid paths. */
function wrongRoot({ root, crossSigned }: NonNullable<KitInput['wrongRoot']>, target: string): string {
  return `## If the chain ends at a root that older phones lack

Of several valid paths Windows sends the shortest. While a server trusts the self-signed ${inline(nameOf(root))} (thumbprint
\`${thumbprintOf(root)}\`) it does not send \`${certificateFileName(crossSigned)}.cer\`, the certificate of the same name
that leads older phones to a root they have. Importing it is needed, but then, if ${code(`adfs-check ${target}`)} still shows the
short chain:

1. On each server find the root: \`Get-ChildItem ${stores.root} | Where-Object Thumbprint -eq ${thumbprintOf(root)}\`.
   In certlm.msc open its properties and choose *Disable all purposes for this certificate* (documented by Microsoft, as
   is deleting it; a deleted root can come back with the automatic root update).
2. Restart, set the certificate again, reboot: as above.
3. Only if that does not help: put a copy of the root into *Untrusted Certificates* (\`${stores.untrusted}\`). This works in
   field reports. The kit holds no root: export it from the server.

Risk of 1 and 3: this server no longer trusts other sites whose path ends at that root; one site could then not renew its own
certificate. Try what the server has to reach before the next one. To undo: *Enable all purposes*, or delete the copy.
Other ways: a certificate from an authority whose root older phones have, or a balancer that sends the chain it is given.`
}

const balancer = `## If a balancer or another proxy ends TLS

Then Windows' stores do not matter for what phones see. Give \`fullchain.pem\` (or the intermediates) to its administrator:
Citrix ADC: install each intermediate and link it to the server certificate; F5 BIG-IP: Client SSL profile > Certificate
Key Chain > Chain; Kemp: Certificates & Security > Intermediate Certs; nginx, HAProxy and the like: server certificate and
intermediates in one PEM file. Microsoft does not support ending TLS in front of AD FS.`

const undo = `## Undo

    .\\Install-Intermediates.ps1 -Remove -Restart

removes what the script added, and nothing that was there before.`

function code(text: string): string {
  return `\`${text}\``
}

const nameOf = ({ subject }: Certificate) => subject.commonNames.at(-1) ?? subject.text

/** Certificate text as Markdown code: nothing in it is markup. */
const inline = (text: string) => `\`${text.replaceAll('`', "'")}\``
