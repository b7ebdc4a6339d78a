import { outcomeText } from '../tls/wording.js'
import type { HandshakeEvidence } from './connections.js'
import { disagreementText } from './disagreement.js'
import type { Release } from './releases.js'
import type { RuleId } from './rule-id.js'
import type { Verdict } from './verdict.js'

/** What the handshake alone decides of a release; null: the server shows it certificates, which are judged then. */
export function handshakeVerdict(release: Release, known: HandshakeEvidence): Verdict | null {
  switch (known.kind) {
    case 'shown':
      return null
    case 'refused': {
      const { failure } = known
      if (failure?.kind === 'limit-exceeded')
        return refusedFor(
          release,
          'message-too-large',
          `${failure.actual} bytes, at most ${failure.maximum} are read`,
        )
      const isUnproven = failure?.kind === 'key-not-proven'
      const alert = failure?.kind === 'alert' ? [alertText(failure)] : []
      const detail = isUnproven
        ? failure.detail
        : [...known.reasons.map(disagreementText), ...alert].join('; ')
      const rule = isUnproven ? 'key-not-proven' : 'handshake-refused'
      return refusedFor(release, rule, detail)
    }
    case 'undetermined':
      return {
        kind: 'undetermined',
        release,
        because: `the connection with this release's ClientHello came to no end that decides (${outcomeText(known.failure)})`,
      }
    case 'not-asked':
      return {
        kind: 'undetermined',
        release,
        because: "this release's ClientHello was not sent, and no other answer proves what it would be told",
      }
  }
}

function alertText({ alert, observation }: { alert: { name: string }; observation: unknown }): string {
  const after = observation === null ? '' : ' after its certificates'
  return `the server answered with the alert ${alert.name}${after}`
}

const refusedFor = (release: Release, rule: RuleId, detail: string): Verdict => ({
  kind: 'refused',
  release,
  reason: { rule, certificate: null, detail },
  attempted: [],
})
