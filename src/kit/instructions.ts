import { createHash } from 'node:crypto'
import {
  applicationId,
  deviceRegistrationService,
  probeUrl,
  rebindCertauth,
  restartCommand,
  roles,
  stores,
} from '../adfs/farm.js'
import type { Certificate } from '../x509/certificate.js'
import { checkCommand, fileNames, type KitInput, type Procedure, type Step, type WrongRoot } from './kit.js'
import { fileStem, shortName } from './safe-text.js'

/** Why either store of the two ways is right. */
export const whyBothStoresWork =
  'Both ways work because Windows looks for the certificates of a chain in the computer stores Trusted Root, Intermediate, Personal and Trust together; it sends what it found there, without the root.'

export const warnings: readonly string[] = [
  'Never import these files into Trusted Root Certification Authorities: a certificate there that is not self-signed is a documented cause of a broken trust between Web Application Proxy and AD FS.',
  `Import-Certificate takes only the first certificate of a .p7b file. Give it one .cer at a time, as below; use ${fileNames.bundle} in certlm.msc only.`,
  'Users have nothing to install. From Android 7 on apps ignore certificates that users install.',
  'Chrome on a phone fetches missing intermediates by itself, other apps do not: a page that opens in Chrome proves nothing.',
  'A Certification Path without a warning on the server proves nothing either: that window builds a path of its own and may fetch what the server does not send.',
]

const everyServer = 'Every AD FS server and every Web Application Proxy, as local administrator'
const proxiesFirst =
  'Proxies first, because phones talk to them; then the AD FS servers; one server at a time.'

/** What Windows calls the thumbprint: SHA-1 over the DER, upper-case hex. */
export const thumbprintOf = ({ der }: Certificate): string =>
  createHash('sha1').update(der).digest('hex').toUpperCase()

/** The default: Intermediate Certification Authorities, by script or by hand. */
export function intermediateStoreProcedure(input: KitInput): Procedure {
  return {
    title: 'Way 1 (default): the Intermediate Certification Authorities store',
    why: "Microsoft's general advice for TLS servers on Windows: intermediates belong into this store of the computer account.",
    steps: [
      {
        title: 'See what would happen',
        where: everyServer,
        actions: [
          `Copy the folder to the server. Open Windows PowerShell there, as administrator, in the folder.`,
        ],
        command: `powershell -NoProfile -ExecutionPolicy Bypass -File .\\${fileNames.script} -WhatIf`,
        expected: 'One "What if" line per certificate that is not there yet; nothing is changed.',
        undo: null,
      },
      drainStep(input),
      {
        title: 'Import and restart',
        where: `${everyServer}. ${proxiesFirst}`,
        actions: ['The restart asks for confirmation; sign-in through this server pauses for some seconds.'],
        command: `powershell -NoProfile -ExecutionPolicy Bypass -File .\\${fileNames.script} -Restart`,
        expected:
          'Added or AlreadyPresent lists each certificate, Refused is empty, Restarted names the services.',
        undo: `powershell -NoProfile -ExecutionPolicy Bypass -File .\\${fileNames.script} -Remove -Restart`,
      },
      {
        title: 'Or the same by hand',
        where: everyServer,
        actions: [
          'Run certlm.msc. Open Certificates - Local Computer, Intermediate Certification Authorities, Certificates. Right-click, All Tasks, Import.',
          `Choose ${fileNames.bundle} (file type PKCS #7) or each .cer file. Choose "Place all certificates in the following store" and keep Intermediate Certification Authorities: the automatic choice may take another store.`,
          'Or import each file with the command.',
        ],
        command: input.intermediates
          .map(
            ({ certificate }) =>
              `Import-Certificate -FilePath .\\${fileStem(certificate)}.cer -CertStoreLocation ${stores.CA.path}`,
          )
          .join('\n'),
        expected: 'The certificates are listed in that store.',
        undo: 'Delete exactly these certificates from that store.',
      },
      ...restartSteps(),
      verifyStep(input),
    ],
  }
}

/** Microsoft's page "Android device is missing a required certificate", with our files in place of its export steps. */
export function personalStoreProcedure(input: KitInput): Procedure {
  return {
    title: "Way 2: Microsoft's page, the Personal store",
    why: 'The page "Android device is missing a required certificate" (Microsoft Intune troubleshooting) imports the parent certificates into Local Computer, Personal. Its steps, with the files of this kit in place of its export steps:',
    steps: [
      drainStep(input),
      {
        title: 'Import into Personal',
        where: everyServer,
        actions: [
          'Run certlm.msc. Open Certificates - Local Computer, Personal, Certificates.',
          `Right-click, All Tasks, Import. Choose each of: ${input.intermediates.map(({ certificate }) => `${fileStem(certificate)}.cer`).join(', ')}. Keep the store Personal.`,
          'By script it is the command.',
        ],
        command: `powershell -NoProfile -ExecutionPolicy Bypass -File .\\${fileNames.script} -Store My`,
        expected: "The certificates are listed beside the farm's own certificate, without a key symbol.",
        undo: `powershell -NoProfile -ExecutionPolicy Bypass -File .\\${fileNames.script} -Store My -Remove`,
      },
      ...restartSteps(),
      {
        title: 'Repeat',
        where: `${everyServer}. ${proxiesFirst}`,
        actions: [
          'The page asks for all AD FS and proxy servers: one server left out makes sign-in fail now and then.',
        ],
        command: null,
        expected: null,
        undo: null,
      },
      verifyStep(input),
    ],
  }
}

function drainStep({ servers }: KitInput): Step {
  return {
    title: 'Take the server out of the load balancer',
    where: 'The administrator of the load balancer, for one server at a time',
    actions: [
      `A balancer that probes /adfs/probe over HTTP on port 80 (never through TLS) takes a server out by itself when adfssrv stops, and back in when the probe answers 200: ${servers
        .slice(0, 8)
        .map(({ address }) => probeUrl(address))
        .join(', ')}.`,
    ],
    command: null,
    expected: 'No new sign-in reaches the server.',
    undo: 'Put it back after the check of this server.',
  }
}

function restartSteps(): Step[] {
  return (['proxy', 'ad-fs'] as const).map((role) => ({
    title: `Restart: ${roles[role].title}`,
    where: `${roles[role].title}, as local administrator (the script does this with -Restart)`,
    actions:
      role === 'ad-fs'
        ? [
            `Where the service ${deviceRegistrationService} runs (Windows Server 2012 R2 with Device Registration), restart it too.`,
          ]
        : [],
    command: restartCommand(role).replaceAll('; ', '\n'),
    expected:
      'Windows keeps the chain it built before: without a restart the server goes on sending the old one.',
    undo: null,
  }))
}

function verifyStep(input: KitInput): Step {
  return {
    title: 'Verify each server from outside',
    where: 'Any computer that reaches the server',
    actions: [
      'Check the server just changed before the next one, and all of them at the end. Where a node behind the balancer was not in this list, add its address: each node is a server of its own.',
      'A second opinion on a phone: use one that never opened this sign-in page, because apps remember intermediates they have seen.',
    ],
    command: [...input.servers.map((server) => checkCommand(input, server)), checkCommand(input)].join('\n'),
    expected: 'Exit code 0, and the same list of certificates from every server.',
    undo: null,
  }
}

/** What to try, mildest first, when a restarted server sends what it sent before. */
export function stillOldChainProcedure(input: KitInput): Procedure {
  const leaf = input.chains[0]?.[0]
  const thumbprint = leaf ? thumbprintOf(leaf) : 'THUMBPRINT'
  const certauth = leaf?.subjectAltNames?.some(
    ({ type, value }) => type === 'dns' && value.toLowerCase().startsWith('certauth.'),
  )
  const step = (title: string, where: string, command: string | null, ...actions: string[]): Step => ({
    title,
    where,
    actions,
    command,
    expected: null,
    undo: null,
  })
  const rebindAdfs = certauth ? rebindCertauth(thumbprint) : roles['ad-fs'].rebind(thumbprint)
  return {
    title: 'If a server still sends the old chain',
    why: 'Windows builds the chain when it takes the certificate into use, and keeps it. Go down the list; check from outside after each step.',
    steps: [
      step(
        'Make sure it is this server',
        'Any computer',
        input.servers.map((server) => checkCommand(input, server)).join('\n'),
        'Check the address of the server itself, not the name. If a node is right and the public address is not, a load balancer or firewall in front answers: see "If something else terminates TLS".',
      ),
      step(
        'Restart once more',
        'The server, as local administrator',
        `${restartCommand('proxy').replaceAll('; ', '\n')}`,
        'On an AD FS server only adfssrv exists.',
      ),
      step(
        'Set the same certificate again',
        `AD FS: ${roles['ad-fs'].rebindWhere}. Proxy: ${roles.proxy.rebindWhere}`,
        `${rebindAdfs}\n${roles.proxy.rebind(thumbprint)}`,
        certauth
          ? 'The first command on AD FS, the second on proxies. This certificate covers certauth: if user certificates are used on port 49443 instead, the command on AD FS is Set-AdfsSslCertificate.'
          : 'The first command on AD FS, the second on proxies.',
        'Whether setting the same thumbprint always rebuilds the chain is not documented; it costs little to try.',
      ),
      step(
        'Reboot',
        'The server, in a maintenance window',
        'Restart-Computer',
        'Reported to help where a restart of the services did not.',
      ),
      step(
        'Look for a stale intermediate',
        'The server, as local administrator',
        `Get-ChildItem ${stores.CA.path}, ${stores.My.path}, ${stores.Root.path} | Format-List Subject, Issuer, NotAfter, Thumbprint, PSParentPath`,
        'An older intermediate of the same name can win. The script names them under Stale. Field reports also found them in the store of the SYSTEM account, which certlm.msc does not show: open the certificate console as SYSTEM (for example with PsExec -s) to look there.',
      ),
      step(
        'Look for other bindings',
        'The server, as local administrator',
        `netsh http show sslcert\n${roles['ad-fs'].listBindings}\n${roles.proxy.listBindings}`,
        `Entries headed IP:port belong to clients without a server name, and a hand-made one may carry an old certificate. Bindings of AD FS have the application id ${applicationId}. The last two commands exist on AD FS and on proxies only, respectively.`,
      ),
    ],
  }
}

/** The chain is complete, but Windows prefers a root that older phones do not have. */
export function wrongRootProcedure(input: KitInput, { root, crossSigned }: WrongRoot): Procedure {
  const thumbprint = thumbprintOf(root)
  return {
    title: 'If the server ends the chain at a root that older phones lack',
    why: `Of several valid paths Windows sends the shortest. While it trusts the self-signed "${shortName(root)}" it never sends the cross-certificate of the same name, issued by "${crossSigned.issuer.commonNames.at(-1) ?? crossSigned.issuer.text}", that leads older phones to a root they have. Importing the cross-certificate is needed but not enough.`,
    steps: [
      {
        title: 'Take the self-signed root out of the way',
        where: everyServer,
        actions: [
          `In certlm.msc find the certificate with thumbprint ${thumbprint} under Trusted Root Certification Authorities (also under Third-Party Root Certification Authorities), open its properties and choose "Disable all purposes for this certificate". Microsoft documents this, and deleting the certificate.`,
          'A deleted root can come back by the automatic root update, unless the policy "Turn off Automatic Root Certificates Update" is enabled.',
          'Risk: while it is disabled, this server itself does not trust other sites whose path ends at that root only. Test what the server has to reach (Microsoft Entra ID, CRLs, certificate renewal) before the next server.',
        ],
        command: `Get-ChildItem ${stores.Root.path} | Where-Object Thumbprint -eq ${thumbprint}`,
        expected: 'The command finds it before; disabled purposes show in its properties.',
        undo: '"Enable all purposes for this certificate" in the same window.',
      },
      {
        title: 'Only if that does not help: Untrusted Certificates',
        where: everyServer,
        actions: [
          `Import a copy of the self-signed root into Local Computer, ${stores.Disallowed.title}. Field reports say that it works; one site could then no longer renew its own certificate. This kit holds no root on purpose: export it from the server's own Trusted Root store.`,
        ],
        command: null,
        expected: null,
        undo: `Delete it from ${stores.Disallowed.title} again.`,
      },
      {
        title: 'Restart, set the certificate again, reboot if needed',
        where: everyServer,
        actions: ['As in "If a server still sends the old chain".'],
        command: null,
        expected: `${checkCommand(input)} lists "${shortName(crossSigned)}" as sent.`,
        undo: null,
      },
      {
        title: 'Other ways out',
        where: 'Whoever decides about certificates',
        actions: [
          'A certificate from an authority whose root older phones have, or a load balancer that sends exactly the chain it is given.',
        ],
        command: null,
        expected: null,
        undo: null,
      },
    ],
  }
}

/** Where a load balancer, firewall or reverse proxy presents the certificate, the chain is fixed there. */
export function loadBalancerProcedure(input: KitInput, chainFiles: readonly string[]): Procedure {
  const device = (title: string, ...actions: string[]): Step => ({
    title,
    where: 'The administrator of the device',
    actions,
    command: null,
    expected: null,
    undo: null,
  })
  return {
    title: 'If something else terminates TLS',
    why: `Imports on Windows change nothing that a load balancer, web application firewall or reverse proxy sends. Microsoft does not support terminating TLS in front of AD FS; it is common all the same, and then the chain belongs on that device. ${chainFiles.join(', ')}: the certificate with its intermediates, in order, without root and without key.`,
    steps: [
      device(
        'Citrix NetScaler ADC',
        'Install each intermediate, then link the server certificate to the first and each to the next.',
      ),
      device(
        'F5 BIG-IP',
        'Client SSL profile, Certificate Key Chain: put the intermediates into a bundle and select it as Chain.',
      ),
      device('Kemp LoadMaster', 'Certificates & Security, Intermediate Certs: add each intermediate.'),
      device(
        'Azure Application Gateway',
        'The PFX of the listener has to contain the certificate, the intermediates and the root.',
      ),
      device(
        'HAProxy, nginx, ARR and others',
        'One PEM file with the certificate first, then the intermediates; HAProxy wants the key in it as well. Towards AD FS the device has to send the server name (SNI), or AD FS resets the connection.',
      ),
      verifyStep(input),
    ],
  }
}

/** Nothing could be fetched: get the intermediates out of the server itself, as Microsoft's page does. */
export function manualExportProcedure(input: KitInput): Procedure {
  return {
    title: 'Export the missing certificates by hand',
    why: `These could not be supplied: ${input.unresolved.map(({ subject }) => `"${subject}"`).join(', ')}.`,
    steps: [
      {
        title: 'Export the parent certificates',
        where: 'One AD FS server, as local administrator',
        actions: [
          `Run certlm.msc. Open Personal, Certificates, and there the certificate of ${input.name}.`,
          'On the tab Certification Path select the certificate above it, View Certificate, tab Details, Copy to File, DER encoded binary X.509 (.CER). Do the same for each certificate above, except the topmost: that is the root, which is not sent.',
          'If only the certificate itself is shown, ask the authority that issued it for its intermediate certificates; most offer them on their web page.',
        ],
        command: null,
        expected: 'One .cer file for each intermediate.',
        undo: null,
      },
      {
        title: 'Check the files and make a complete kit',
        where: 'Any computer that reaches the servers',
        actions: ['Files that issued nothing on the path are left out.'],
        command: `${checkCommand(input)} --intermediates FOLDER --kit KIT`,
        expected: 'The report says which releases accept the servers after the import.',
        undo: null,
      },
    ],
  }
}
