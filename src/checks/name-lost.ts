import type { Seen } from '../examine/examination.js'
import { differencesOf } from '../gate/difference.js'
import { listed, say } from '../words/words.js'
import { type Case, defineCheck, found } from './check.js'

export interface Evidence {
  readonly names: readonly string[]
  /** The name that AD FS takes user certificates by on port 443. */
  readonly certauth: boolean
  readonly enterpriseregistration: boolean
}

export const nameLost = defineCheck({
  id: 'name-lost',
  title: 'The new certificate lacks a name that the live one has',
  sources: [
    'Microsoft, "AD FS support for alternate hostname binding for certificate authentication"',
    'Microsoft, "AD FS requirements": enterpriseregistration names for device registration',
  ],
  rules: [],
  run: (farm) => {
    const compared = farm.examinations.filter(
      (one): one is Seen =>
        one.kind === 'seen' && one.subject.kind === 'file' && one.subject.against !== null,
    )
    if (compared.length === 0)
      return { status: 'not-applicable', why: 'no file was compared with a live farm' }
    return found<Evidence>(compared.flatMap(casesOf))
  },
  tell: ({ names, certauth, enterpriseregistration }) =>
    say`${listed(names.map((name) => [{ untrusted: name }]))} ${names.length === 1 ? 'stands' : 'stand'} in the live certificate and not in this one.${
      certauth
        ? ' Without its certauth name AD FS moves sign-in by user certificate from port 443 to 49443, which firewalls often close.'
        : ''
    }${enterpriseregistration ? ' Without its enterpriseregistration name devices cannot register.' : ''}`,
  actions: (_evidence, { cases }) => [
    {
      action: {
        verb: 'reissue',
        certificate: cases[0]!.certificate,
        demands: [{ kind: 'names', names: [...new Set(cases.flatMap(({ evidence }) => evidence.names))] }],
      },
    },
  ],
})

function casesOf(seen: Seen): Case<Evidence>[] {
  if (seen.subject.kind !== 'file') return []
  const { id, leaf } = seen.subject
  const lost = [...new Set(differencesOf(seen).flatMap(({ names }) => names.lost))]
  return lost.map((name) => {
    const certauth = name.startsWith('certauth.')
    const enterpriseregistration = name.startsWith('enterpriseregistration.')
    return {
      facet: name,
      subject: id,
      releases: [],
      severity: certauth || enterpriseregistration ? 'warning' : 'info',
      certificate: leaf.sha256,
      evidence: { names: [name], certauth, enterpriseregistration },
    }
  })
}
