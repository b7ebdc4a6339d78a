import type { Report } from './report.js'

/**
 * What to do with the repair, in order; empty where there is nothing to import. `folder`: where the kit was written;
 * null: it was not.
 */
export function repairSteps(
  { name, port }: Report['target'],
  { missing, unresolved }: Pick<Report['repair'], 'missing' | 'unresolved'>,
  folder: string | null,
): Report['repair']['steps'] {
  const servers = [...new Set([...missing, ...unresolved].flatMap(({ endpoints }) => endpoints))]
  if (servers.length === 0) return []
  const target = `${name.includes(':') ? `[${name}]` : name}${port === 443 ? '' : `:${port}`}`
  const asked = `adfs-check ${target} ${servers.map((server) => `--server ${server}`).join(' ')}`
  const write = {
    title: 'Write the import kit',
    where: 'Here:',
    command: `adfs-check ${target} --kit fix`,
    expected: null,
  }
  const install = {
    title: 'Import on every server, proxies first, one at a time',
    where: `As local administrator on each AD FS server and proxy (seen here: ${servers.join(', ')}), in the folder of the kit; the first line changes nothing:`,
    command: '.\\Install-Intermediates.ps1 -WhatIf\n.\\Install-Intermediates.ps1 -Restart',
    expected:
      "It adds to Intermediate Certification Authorities, never to Trusted Root. README.md in the kit has the steps by hand, Microsoft's way, balancers and undo.",
  }
  const byHand = {
    title: 'Export what could not be fetched',
    where:
      "On an AD FS server: certlm.msc, Personal, Certificates, the certificate of the service, Certification Path; export each parent but the topmost and import it as the kit's README.md says.",
    command: null,
    expected: null,
  }
  return [
    ...(folder === null ? [write] : []),
    ...(missing.length > 0 ? [install] : []),
    ...(unresolved.length > 0 ? [byHand] : []),
    {
      title: 'Check again, from outside',
      where: 'Until every server is accepted, and after the next reboot and renewal:',
      command: asked,
      expected: null,
    },
  ]
}

const cutShort = 'The search for a repair was cut short'

/** Said where one server's certificates asked for more work than one search may cost; `servers` may be empty. */
export const cutShortSteps = (servers: readonly string[]): Report['repair']['steps'] =>
  servers.length === 0
    ? []
    : [
        {
          title: cutShort,
          where: `What ${servers.join(', ')} sent asks for more work than is done for one server: there may be a better repair than what is proposed, if anything is. The AD FS or load-balancer administrator reduces the list to the leaf and the intermediates of one chain; then check again.`,
          command: null,
          expected: null,
        },
      ]

export const isCutShortStep = ({ title }: Report['repair']['steps'][number]): boolean => title === cutShort
