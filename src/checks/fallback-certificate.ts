import type { Seen } from '../examine/examination.js'
import { type Entry, leafOf } from '../examine/presented.js'
import { endpointText } from '../farm/subject.js'
import { listed, say, type Words } from '../words/words.js'
import { type Advice, type Case, defineCheck, found } from './check.js'
import { seenOf } from './support/answers.js'
import { namedExchanges } from './support/handshake.js'
import { coveredNames } from './support/names.js'

export interface Evidence {
  /** Compared with every list that a hello with the name was answered with. */
  readonly comparison: 'same-list' | 'other-list-same-certificate' | 'other-certificate'
  /** Equal hellos with the name get different lists too, so that the name need not be the reason. */
  readonly varies: boolean
  readonly names: readonly string[]
  /** ISO 8601; null: the certificate cannot be read. */
  readonly notAfter: string | null
  /** The server was asked for a name that nobody has; missing: for none. */
  readonly strangeName?: true
}

/** A hello without server name was answered with a certificate. */
export const fallbackCertificate = defineCheck({
  id: 'fallback-certificate',
  title: 'The server answers without a name too',
  sources: ['RFC 6066 §3', 'Microsoft Application Proxy blog, 2014-06-19 (SNI)', 'Microsoft: netsh http'],
  rules: [],
  run: (farm) => {
    const asked = seenOf(farm).filter(({ withoutName, subject }) => withoutName && subject.name)
    return asked.length === 0
      ? { status: 'not-applicable', why: 'no server was asked without a name' }
      : found(oncePerPort(asked))
  },
  tell: ({ comparison, varies, names, notAfter, strangeName }, { cases }) => {
    const certificate = cases[0]!.certificate
    const called: Words = certificate ? [{ certificate }] : ['a certificate that cannot be read']
    const covered = names.length > 0 ? listed(names.map((name) => [{ untrusted: name }])) : ['no DNS name']
    const until = notAfter ? say` (for ${covered}, until ${{ date: new Date(notAfter) }})` : []
    const what = {
      'same-list': say`the same certificates come`,
      'other-list-same-certificate': say`the same certificate ${called} comes with other intermediates or none`,
      'other-certificate': say`a different certificate comes: ${called}${until}`,
    }[comparison]
    const isHint = comparison === 'other-list-same-certificate'
    if (strangeName)
      return say`For a name that nobody has ${what}. AD FS alone would reset such a connection: there is a fallback binding (IP:port), or another device with a certificate for whoever asks ends TLS here. Android asks for the right name, so nothing breaks.`
    return varies
      ? say`Without a server name ${what}. Connections with the name differ among themselves too, so several servers stand behind the address, and which of them answered is not known.`
      : say`Without a server name ${what}. AD FS alone would reset such a connection: there is a fallback binding (IP:port), or another device ends TLS here${isHint ? ', or several servers stand behind the address and this is one of the others' : ''}. Android sends the name, so nothing breaks${comparison === 'same-list' ? '' : '; after a renewal such bindings are easily forgotten'}.`
  },
  actions: ({ comparison, varies }) =>
    varies
      ? [nameNodes]
      : [
          { action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' },
          // Windows builds one chain for one certificate: two of them are of two servers.
          ...(comparison === 'other-list-same-certificate' ? [nameNodes] : []),
        ],
})

const nameNodes: Advice = { action: { verb: 'name-nodes' }, by: 'whoever-checks' }

/** What comes without a name depends on the port alone: under the farm's other names it is the same news. */
function oncePerPort(asked: readonly Seen[]): Case<Evidence>[] {
  const told = new Set<string>()
  return asked.flatMap((seen) => {
    const { subject } = seen
    const port = subject.kind === 'served' ? endpointText(subject.node.address, subject.port) : subject.id
    return caseOf(seen).filter(({ facet, certificate, evidence }) => {
      const news = `${port} ${facet} ${certificate} ${JSON.stringify(evidence)}`
      return !told.has(news) && told.add(news)
    })
  })
}

const caseOf = (seen: Seen): Case<Evidence>[] => [...withoutName(seen), ...withStrangeName(seen)]

function withoutName(seen: Seen): Case<Evidence>[] {
  const nameless = seen.answers.find(({ id }) => id === seen.withoutName?.answer)
  if (!nameless?.entries[0]) return []
  return [foundFor('no-name', nameless.entries, seen)]
}

/** News only where no name gets something else, or nothing. */
function withStrangeName(seen: Seen): Case<Evidence>[] {
  const entries = seen.strangeName?.entries ?? []
  const nameless = seen.answers.find(({ id }) => id === seen.withoutName?.answer)
  const isKnown = nameless !== undefined && isSameList(nameless.entries, entries)
  return entries.length === 0 || isKnown ? [] : [foundFor('strange-name', entries, seen)]
}

function foundFor(facet: 'no-name' | 'strange-name', entries: readonly Entry[], seen: Seen): Case<Evidence> {
  const leaf = leafOf(entries)
  return {
    facet,
    subject: seen.subject.id,
    releases: [],
    severity: 'info',
    certificate: leaf?.sha256 ?? null,
    evidence: {
      comparison: comparisonOf(entries, seen),
      varies: seen.varying.length > 0,
      names: leaf ? coveredNames(leaf) : [],
      notAfter: leaf?.notAfter.toISOString() ?? null,
      ...(facet === 'strange-name' ? { strangeName: true } : {}),
    },
  }
}

const isSameList = (a: readonly Entry[], b: readonly Entry[]): boolean =>
  a.map(({ sha256 }) => sha256).join() === b.map(({ sha256 }) => sha256).join()

/** Both sides may be several: a server with two kinds of key, several servers behind one address. */
function comparisonOf(entries: readonly Entry[], seen: Seen): Evidence['comparison'] {
  const named = seen.answers.filter((answer) => namedExchanges(seen, answer).length > 0)
  if (named.some((answer) => isSameList(answer.entries, entries))) return 'same-list'
  return named.some((answer) => answer.entries[0]?.sha256 === entries[0]?.sha256)
    ? 'other-list-same-certificate'
    : 'other-certificate'
}
