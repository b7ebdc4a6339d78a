import { evidenceFor, type HandshakeEvidence } from '../../android/connections.js'
import type { Release } from '../../android/releases.js'
import type { Examination, Seen } from '../../examine/examination.js'
import type { Answer, Exchange } from '../../examine/presented.js'

/** How the server answers a release's hello: as examined, or as the connections say where no list was seen. */
export function handshakeOf(examination: Examination, release: Release): HandshakeEvidence | null {
  if (examination.kind === 'seen')
    return examination.reach.find((reach) => reach.release === release)?.evidence ?? null
  const tried = examination.attempts.map(({ offer, outcome }) => ({ shape: offer, outcome }))
  return evidenceFor(release, tried)
}

/** Connections that told the name, or went to a target that has none. */
export const namedExchanges = ({ subject }: Seen, { exchanges }: Answer): readonly Exchange[] =>
  exchanges.filter(({ sni }) => sni || subject.name === null)
