import type { Report, SubjectReport } from '../report/schema.js'

/**
 * Raw text, to be neutralised by who prints it. Farms whose servers are asked under several names or on several ports: one machine is
 * then more than one subject.
 */

/** One name for all subjects of a machine. */
export const machineOf = ({ id, node }: SubjectReport): string => node ?? id

export const machinesOf = (subjects: readonly SubjectReport[]): number =>
  new Set(subjects.map(machineOf)).size

/** The machine by its name, where it has one besides its address. */
export const nameOfMachine = ({ node, address }: SubjectReport): string | null =>
  node === undefined || node === address || address === null ? null : node

/** What it was asked for, short: the port alone under the farm's own name; another name, with its port where it is not the farm's. */
export function doorOf({ farm }: Report, { name, port }: SubjectReport): string {
  if (name === null || name === farm.names[0]?.ascii) return `:${port}`
  return ` ${name}${port === farm.ports[0] ? '' : `:${port}`}`
}

/** `adfs1:49443`, `adfs1 certauth.sts.contoso.com`. */
export const doorPlace = (report: Report, subject: SubjectReport): string =>
  `${subject.node ?? ''}${doorOf(report, subject)}`

/** ` under 3 names and on 2 ports`, where there are several. */
export function doorsText({ farm }: Report): string {
  const names = farm.names.length > 1 ? ` under ${farm.names.length} names` : ''
  return `${names}${farm.ports.length > 1 ? `${names === '' ? '' : ' and'} on ${farm.ports.length} ports` : ''}`
}

/** Below the one farm of a run of which more was named. */
export const othersText = 'With what was named and could not be checked'

type LeftOut = NonNullable<Report['farm']['leftOut']>[number]

/** Where it is so, if not everywhere, and why a name that was thought of is not checked. */
export const leftOutText = (one: LeftOut): string =>
  `${one.vantages ? `(from ${one.vantages.join(', ')}) ` : ''}${whyLeftOut(one)}`

function whyLeftOut({ reason, detail }: LeftOut): string {
  switch (reason) {
    case 'cloud':
      return `is not needed: an alias of ${detail}, where devices register in the cloud`
    case 'absent':
      return 'is not needed: DNS does not have it, so no device registers by it'
    case 'elsewhere':
      return `is not checked: it leads to ${detail}, which is not of this farm`
    case 'not-answered':
      return 'is not checked: it leads here, but no server has a certificate for it'
    case 'no-node':
      return 'is not checked: no node that is looked at answers to it'
    default:
      return detail
  }
}

/** Connections that were made: a hello without a name is said once a port, whatever names are asked there. */
export function connectionsOf(subjects: readonly SubjectReport[]): number {
  const made = subjects.flatMap(({ id, address, port, connections, strangeName }) => [
    ...connections.map(({ hello, nth, sni }) => `${sni ? id : `${address} ${port}`} ${hello} ${nth}`),
    ...(strangeName ? [`${id} strange`] : []),
  ])
  return new Set(made).size
}

/** Lists that phones are shown; where none is, all: a binding for connections without a name is met by nobody else. */
export function shownBy({ answers }: SubjectReport): SubjectReport['answers'] {
  const shown = answers.filter(({ releases }) => releases.length > 0)
  return shown.length > 0 ? shown : answers
}

/** In the order of the first of each group. */
export function grouped<T>(items: readonly T[], by: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item])
  return [...groups.values()]
}
