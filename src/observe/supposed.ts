import { matchesHost } from '../android/hostname.js'
import type { Attempt } from '../examine/examination.js'
import type { Settings } from '../examine/settings.js'
import type { Asked } from '../farm/asked.js'
import { userCertificateName } from '../farm/inventory.js'
import type { ServedFarm, ServedSubject } from '../farm/subject.js'
import { withCertauth } from '../farm/supposed-names.js'
import type { Network } from '../network/network.js'
import { observationOf } from '../tls/exchange-end.js'

interface Observed {
  readonly subject: ServedSubject
  readonly attempts: readonly Attempt[]
}

/**
 * Looks at certauth too, where it stands in a certificate and DNS leads it to the farm: from AD FS 2016 on that is where
 * users of certificates sign in. Only where nobody said anything of the farm; an inventory says what belongs to it.
 */
export async function certauthToo<O extends Observed>(
  farm: ServedFarm,
  observed: readonly O[],
  asked: Asked,
  { entries }: Pick<Settings, 'entries'>,
  network: Pick<Network, 'resolve'>,
  look: (subject: ServedSubject) => Promise<O>,
): Promise<{ readonly farm: ServedFarm; readonly observed: readonly O[] }> {
  const certauth = `${userCertificateName}${farm.name?.ascii}`
  const hasName = ({ attempts }: O) =>
    attempts.some(({ outcome }) => {
      const [leaf] = entries(observationOf(outcome)?.certificates.slice(0, 1) ?? [])
      return (
        leaf !== undefined &&
        'certificate' in leaf &&
        (leaf.certificate.subjectAltNames ?? []).some(({ value }) => value.toLowerCase() === certauth)
      )
    })
  const isPlain = farm.name !== null && asked.inventory === undefined && asked.servers.length === 0
  if (!isPlain || !observed.some(hasName)) return { farm, observed }
  const more = await withCertauth(farm, (host) => network.resolve(host, asked.family))
  const added = await Promise.all(more.subjects.slice(farm.subjects.length).map(look))
  return { farm: more, observed: [...observed, ...added] }
}

/**
 * The farm without the names that nobody named and no server shows a certificate for: an alias in DNS and an entry in a
 * certificate prove nothing, and a server that does not know a name may answer with whatever it has for all. They are told
 * as left out.
 */
export function withoutUnproven<O extends Observed>(
  farm: ServedFarm,
  observed: readonly O[],
  { entries }: Pick<Settings, 'entries'>,
): { readonly farm: ServedFarm; readonly observed: readonly O[] } {
  const shows = (name: string) => (one: O) =>
    one.subject.name?.ascii === name &&
    one.attempts.some(({ offer, outcome }) => {
      const [leaf] = entries(observationOf(outcome)?.certificates.slice(0, 1) ?? [])
      if (!leaf || !('certificate' in leaf) || !offer.sni) return false
      return matchesHost(leaf.certificate, name, 'V6')
    })
  const unproven = farm.supposed.filter((name) => !observed.some(shows(name)))
  if (unproven.length === 0) return { farm, observed }
  const stays = (name: string | undefined) => name === undefined || !unproven.includes(name)
  const subjects = farm.subjects.filter(({ name }) => stays(name?.ascii))
  return {
    farm: {
      ...farm,
      names: farm.names.filter(({ ascii }) => stays(ascii)),
      subjects,
      leftOut: [
        ...farm.leftOut,
        ...unproven.map((name) => ({
          name,
          reason: 'not-answered' as const,
          detail: 'no certificate for it',
        })),
      ],
    },
    observed: observed.filter(({ subject }) => subjects.includes(subject)),
  }
}
