import type { TlsSign } from '../adfs/tls-end.js'
import type { Release } from '../android/releases.js'
import { describeProblem, rules } from '../android/rules.js'
import type { Verdict } from '../android/verdict.js'
import type { Attempt, Examination, Reach, ReleaseVerdict, Repair, Seen } from '../examine/examination.js'
import type { Answer } from '../examine/presented.js'
import type { Revocation } from '../examine/revocation.js'
import type { ServedSubject, Subject } from '../farm/subject.js'
import { cipherSuiteName, groupName, versionName } from '../tls/code-points.js'
import { outcomeText } from '../tls/wording.js'
import { elsewhere } from './elsewhere.js'
import { fileReport } from './file-report.js'
import { instant } from './instant.js'
import type { RepairReport, SubjectReport, VerdictReport } from './schema.js'

/** One subject as the report tells it. Releases with equal verdicts share a row. */
export function subjectReport(
  examination: Examination,
  releases: readonly Release[],
  at: Date,
  signs: readonly TlsSign[],
): SubjectReport {
  const { subject, attempts } = examination
  const common = {
    ...identity(subject),
    ...(subject.kind === 'file' ? {} : { tlsEnd: tlsEnd(subject, signs) }),
    outcome: outcomeReport(examination),
    connections: attempts.map((attempt) => connection(attempt, examination)),
  }
  if (examination.kind === 'unseen') {
    return {
      ...common,
      varying: [],
      withoutName: null,
      answers: [],
      verdicts: [],
      repairs: [],
      elsewhere: [],
    }
  }
  const { answers, reach, repairs, varying, withoutName, strangeName } = examination
  return {
    ...common,
    varying: [...varying],
    withoutName: withoutName && { outcome: outcomeText(withoutName.outcome), answer: withoutName.answer },
    ...(strangeName && {
      strangeName: {
        outcome: outcomeText(strangeName.outcome),
        sent: strangeName.entries.map(({ sha256 }) => sha256),
      },
    }),
    answers: answers.map((answer) => answerReport(answer, reach, subject)),
    verdicts: verdictRows(examination, releases),
    repairs: repairs.map(({ answer, repair }) => repairReport(answer, repair)),
    ...fileReport(examination),
    elsewhere: elsewhere(examination, releases, at),
  }
}

const rows = new WeakMap<Seen['verdicts'], SubjectReport['verdicts']>()

/** Servers that answer alike share their verdicts, and the rows that tell them. */
function verdictRows(
  { subject, verdicts, reach }: Seen,
  releases: readonly Release[],
): SubjectReport['verdicts'] {
  const known =
    rows.get(verdicts) ??
    grouped(
      verdicts.map((verdict) => verdictReport(verdict, reach, subject, releases.includes(verdict.release))),
    )
  rows.set(verdicts, known)
  return known
}

const identity = (subject: Subject) =>
  subject.kind === 'served'
    ? {
        id: subject.id,
        kind: subject.kind,
        name: subject.name?.ascii ?? null,
        label: subject.node.label,
        address: subject.node.address,
        port: subject.port,
        role: subject.node.role,
        ...(subject.vantage === undefined ? {} : { vantage: subject.vantage }),
      }
    : {
        id: subject.id,
        kind: subject.kind,
        name: subject.name.ascii,
        label: subject.path,
        address: null,
        port: null,
        role: 'unknown' as const,
      }

const tlsEnd = ({ node }: ServedSubject, signs: readonly TlsSign[]) => ({
  said: node.tlsEndsAt,
  signs: signs.map(({ kind, certificate, others }) => ({
    kind,
    certificate,
    others: [...others],
  })),
})

function outcomeReport({ attempts }: Examination): SubjectReport['outcome'] {
  const best = attempts.find(({ outcome }) => outcome.kind === 'observed') ?? attempts[0]
  if (!best) return { kind: 'file', phase: null, detail: 'read from a file' }
  const { outcome } = best
  return {
    kind: outcome.kind,
    phase: 'phase' in outcome ? outcome.phase : null,
    detail: outcomeText(outcome),
  }
}

function connection(
  { offer, nth, outcome }: Attempt,
  examination: Examination,
): SubjectReport['connections'][number] {
  const answer =
    examination.kind === 'seen'
      ? examination.answers.find(({ exchanges }) =>
          exchanges.some((exchange) => exchange.offer === offer.id && exchange.nth === nth),
        )
      : undefined
  const exchange = answer?.exchanges.find((other) => other.offer === offer.id && other.nth === nth)
  return {
    hello: offer.id,
    nth,
    sni: offer.sni,
    outcome: outcomeText(outcome),
    ended: exchange ? (typeof exchange.ended === 'string' ? exchange.ended : 'failed') : null,
    answer: answer?.id ?? null,
  }
}

function answerReport(
  { id, entries, exchanges }: Answer,
  reach: readonly Reach[],
  subject: Subject,
): SubjectReport['answers'][number] {
  const shown = exchanges[0]?.presented
  const shake = shown?.handshake
  return {
    id,
    releases: reach.filter(({ answers }) => answers.includes(id)).map(({ release }) => release),
    sent: entries.map(({ sha256 }) => sha256),
    unreadable: entries.flatMap((entry) =>
      'problem' in entry ? [{ index: entry.index, problem: entry.problem.message }] : [],
    ),
    how: subject.kind === 'file' ? 'file' : 'connection',
    handshake: shake
      ? {
          protocol: versionName(shake.protocolVersion),
          cipherSuite: cipherSuiteName(shake.cipherSuite),
          group: shake.group === null ? null : groupName(shake.group),
          alpn: shake.alpn,
          clientCertificateRequested: exchanges.some(
            ({ presented }) => presented.handshake?.clientCertificateRequested ?? false,
          ),
          stapledOcsp: exchanges.some(({ presented }) => presented.staple !== null),
          signedCertificateTimestamps: exchanges.some(({ presented }) => presented.timestamps !== null),
        }
      : null,
  }
}

function verdictReport(
  { release, answer, verdict }: ReleaseVerdict,
  reach: readonly Reach[],
  subject: Subject,
  counts: boolean,
): VerdictReport {
  const evidence = reach.find((other) => other.release === release)?.evidence
  const basis =
    subject.kind === 'file' ? 'file' : evidence?.kind === 'shown' ? evidence.basis : ('none' as const)
  return {
    releases: [release],
    counts,
    answer,
    basis,
    ...told(verdict, basis === 'none' && evidence?.kind === 'not-asked'),
  }
}

function told(verdict: Verdict, notAsked: boolean) {
  const paths = (
    list: readonly {
      readonly certificates: readonly { readonly certificate: { readonly sha256: string } }[]
    }[],
  ) => list.map(({ certificates }) => certificates.map(({ certificate }) => certificate.sha256))
  switch (verdict.kind) {
    case 'accepted':
      return {
        verdict: verdict.kind,
        rule: null,
        certificate: null,
        reason: 'Every rule of this release is met.',
        sources: [],
        path: paths([verdict.path])[0]!,
        alternatives: paths(verdict.others),
      }
    case 'refused':
    case 'depends':
      return {
        verdict: verdict.kind,
        rule: verdict.reason.rule,
        certificate: verdict.reason.certificate,
        reason: describeProblem(verdict.reason),
        sources: [rules[verdict.reason.rule].citation],
        path: verdict.kind === 'depends' && verdict.path ? paths([verdict.path])[0]! : [],
        alternatives: verdict.kind === 'refused' ? paths(verdict.attempted) : [],
      }
    case 'undetermined':
      return {
        verdict: verdict.kind,
        rule: notAsked ? 'not-asked' : null,
        certificate: null,
        reason: verdict.because,
        sources: [],
        path: [],
        alternatives: [],
      }
  }
}

/** Neighbouring rows that differ in the release only are one row. */
export function grouped<T extends { releases: Release[] }>(rows: readonly T[]): T[] {
  const known = new Map<string, T>()
  for (const row of rows) {
    const key = JSON.stringify({ ...row, releases: null })
    const group = known.get(key)
    if (group) group.releases.push(...row.releases)
    else known.set(key, { ...row, releases: [...row.releases] })
  }
  return [...known.values()]
}

function repairReport(answer: string, repair: Repair): RepairReport {
  const { add, withdrawn, drop, chain, takesEffect, verdictsAfter, open, byLuck, cutShort } = repair
  return {
    answer,
    add: add.map(({ certificate, origin, from, issued, revocation }) => ({
      sha256: certificate.sha256,
      origin,
      from,
      issued: issued.sha256,
      ...(revocation ? { revocation: revocationReport(revocation) } : {}),
    })),
    ...(withdrawn && {
      withdrawn: withdrawn.map(({ certificate, since, ...rest }) => ({
        sha256: certificate.sha256,
        since: since && instant(since),
        ...rest,
      })),
    }),
    drop: drop.map(({ certificate, reason }) => ({ sha256: certificate.sha256, reason })),
    chain: chain.map(({ sha256 }) => sha256),
    takesEffect: {
      predicted: takesEffect.predicted,
      unless: takesEffect.unless.map((condition) => ({
        kind: condition.kind,
        certificate:
          condition.kind === 'root-disabled'
            ? (condition.root ?? condition.twinOf)
            : condition.kind === 'removed'
              ? condition.certificate
              : null,
      })),
    },
    verdictsAfter: grouped(
      verdictsAfter.map(({ release, kind }) => ({ releases: [release], verdict: kind })),
    ),
    open: open && {
      child: open.child.sha256,
      issuer: open.child.issuer.text,
      keyIdentifier: open.child.authorityKeyIdentifier?.keyIdentifier ?? null,
      urls: [...open.urls],
    },
    byLuck: [...byLuck],
    cutShort,
  }
}

const revocationReport = (said: Revocation) => ({
  status: said.kind,
  url: said.url,
  ...(said.kind === 'unknown' ? { why: said.why } : { asOf: instant(said.asOf) }),
})
