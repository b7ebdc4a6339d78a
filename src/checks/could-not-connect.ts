import type { UnresolvedName } from '../farm/subject.js'
import { endOf } from '../tls/exchange-end.js'
import { say, type Words } from '../words/words.js'
import { type Advice, type Case, defineCheck, found } from './check.js'
import { type End, endAdvice, endBrief, endOfFailure, endWords } from './support/ends.js'
import { handshakeOf } from './support/handshake.js'

export type Evidence = { readonly unresolved: UnresolvedName } | { readonly end: End }

/** Names without a server, and servers that showed no certificates and gave no definite answer. */
export const couldNotConnect = defineCheck({
  id: 'could-not-connect',
  title: 'The server could not be checked',
  sources: ['RFC 8446 §6', 'RFC 6066 §3', 'Microsoft Application Proxy blog, 2014-06-19 (SNI)'],
  rules: [],
  run: ({ farm, examinations, releases }) =>
    found([
      ...farm.unresolved.map(
        (unresolved): Case<Evidence> => ({
          ...nothingKnown,
          subject: null,
          facet: unresolved.host,
          evidence: { unresolved },
        }),
      ),
      ...examinations.flatMap((examination): Case<Evidence>[] => {
        if (examination.kind === 'seen') return []
        // What every phone is told alike is a fault of the server, and the finding of another check.
        const isTold = releases.every((release) => handshakeOf(examination, release)?.kind === 'refused')
        const failure = endOf(examination.outcome)
        if (typeof failure === 'string' || isTold) return []
        const { id } = examination.subject
        const end = endOfFailure(failure)
        return [{ ...nothingKnown, subject: id, facet: 'connection', evidence: { end } }]
      }),
    ]),
  tell: (evidence) =>
    'unresolved' in evidence && evidence.unresolved.reason === 'too-many-addresses'
      ? say`${unresolvedWords(evidence.unresolved)}.`
      : say`${'end' in evidence ? endWords(evidence.end) : unresolvedWords(evidence.unresolved)}, so nothing is known of its certificates.`,
  brief: (evidence) => ('end' in evidence ? endBrief(evidence.end) : ['no address']),
  actions: (evidence) => [
    ...('end' in evidence ? endAdvice(evidence.end) : unresolvedAdvice(evidence.unresolved)),
    { action: { verb: 'confirm' } },
  ],
})

const nothingKnown = { releases: [], severity: 'warning', certificate: null } as const

function unresolvedWords({ host, reason, detail }: UnresolvedName): Words {
  const name = { untrusted: host }
  const because = detail ? say` (${{ untrusted: detail }})` : []
  switch (reason) {
    case 'not-found':
      return say`The name ${name} does not exist in the DNS that was asked${because}`
    case 'no-address-of-family':
      return say`The name ${name} has no address of the family asked for${because}`
    case 'timed-out':
      return say`DNS did not answer for ${name} in time${because}`
    case 'too-many-addresses':
      return say`The name ${name} has more addresses than are looked at${because}, and the others were left out`
    case 'not-recorded':
      return say`The recorded case does not hold the addresses of ${name}${because}`
    case 'failed':
      return say`The name ${name} could not be resolved${because}`
  }
}

function unresolvedAdvice({ host, reason }: UnresolvedName): readonly Advice[] {
  if (reason === 'too-many-addresses') return [{ action: { verb: 'name-nodes' }, by: 'whoever-checks' }]
  if (reason === 'not-recorded')
    return [{ action: { verb: 'run-again', where: 'here' }, by: 'whoever-checks' }]
  return [
    { action: { verb: 'look', at: { kind: 'dns', host } }, by: 'network-admin' },
    { action: { verb: 'run-again', where: 'elsewhere' }, by: 'whoever-checks' },
  ]
}
