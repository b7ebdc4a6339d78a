import type { Action } from '../../src/adfs/actions.js'
import type { Advice, ExaminedFarm } from '../../src/checks/check.js'
import type { Finding } from '../../src/checks/result.js'
import { type Issued, type IssueOptions, issue } from '../../src/demo/authority.js'
import type { Examination, Repair } from '../../src/examine/examination.js'
import type { Asked } from '../../src/farm/asked.js'
import {
  type Role,
  roleEndingTls,
  type ServedSubject,
  servedSubject,
  type Terminator,
} from '../../src/farm/subject.js'
import { defaultThresholds } from '../../src/gate/thresholds.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'

/** A farm laid out by hand, for tests of plan, speech and kit. */

export const at = new Date('2026-11-24T12:00:00Z')

export function read({ der }: Pick<Issued, 'der'>): Certificate {
  const parsed = parseCertificate(der)
  if (!parsed.ok) throw new Error(parsed.problem.message)
  return parsed.certificate
}

/** Valid around `at`. */
export const mint = (options: IssueOptions): Issued =>
  issue({
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2028-01-01T00:00:00Z'),
    ...options,
  })

export interface Machine {
  readonly address: string
  readonly name?: string
  readonly label?: string
  readonly role?: Role
  readonly tlsEndsAt?: Terminator
  readonly port?: number
  readonly presented: readonly Certificate[]
  readonly repair?: Partial<Repair>
  /** Releases that accept what is presented, by this path. */
  readonly accepted?: readonly Certificate[]
}

export const name = (ascii: string) => ({ ascii, display: ascii })

export function subjectOf({
  address,
  label = address,
  tlsEndsAt,
  role = roleEndingTls(tlsEndsAt ?? null),
  port = 443,
  ...more
}: Machine): ServedSubject {
  const node = { id: address, label, address, role, tlsEndsAt: tlsEndsAt ?? null }
  return servedSubject(name(more.name ?? 'sts.contoso.test'), node, port)
}

const noRepair: Repair = {
  add: [],
  drop: [],
  chain: [],
  verdictsAfter: [],
  takesEffect: { predicted: true, unless: [] },
  open: null,
  byLuck: [],
  cutShort: false,
}

function examined(machine: Machine): Examination {
  const { presented, repair, accepted } = machine
  const path = (certificates: readonly Certificate[]) => ({
    certificates: certificates.map((certificate) => ({ certificate, origin: 'presented' as const })),
    problems: [],
  })
  return {
    kind: 'seen',
    subject: subjectOf(machine),
    attempts: [],
    answers: [
      {
        id: 'a1',
        entries: presented.map((certificate, index) => ({
          index,
          der: certificate.der,
          sha256: certificate.sha256,
          certificate,
        })),
        exchanges: [],
      },
    ],
    reach: [],
    withoutName: null,
    varying: [],
    verdicts: [
      {
        release: '14',
        answer: 'a1',
        verdict: accepted
          ? { kind: 'accepted', release: '14', path: path(accepted), others: [] }
          : {
              kind: 'refused',
              release: '14',
              reason: { rule: 'no-trust-anchor' as never, certificate: null, detail: '' },
              attempted: [],
            },
      },
    ],
    repairs: repair
      ? [
          {
            answer: 'a1',
            repair: {
              ...noRepair,
              verdictsAfter: repair.chain
                ? [{ kind: 'accepted', release: '14', path: path(repair.chain), others: [] }]
                : [],
              ...repair,
            },
          },
        ]
      : [],
  }
}

export function farmOf(machines: readonly Machine[], target = 'sts.contoso.test'): ExaminedFarm {
  const examinations = machines.map(examined)
  const certificates = machines.flatMap(({ presented, repair }) => [
    ...presented,
    ...(repair?.chain ?? []),
    ...(repair?.add ?? []).map(({ certificate }) => certificate),
  ])
  return {
    farm: {
      id: target,
      name: name(target),
      names: [name(target)],
      address: null,
      port: 443,
      ports: [443],
      subjects: machines.map(subjectOf),
      unresolved: [],
      leftOut: [],
    },
    examinations,
    at,
    releases: ['14'],
    others: [],
    ...defaultThresholds,
    releasesTrusting: () => [],
    isPublicAnchor: () => true,
    certificates: new Map(certificates.map((certificate) => [certificate.sha256, certificate])),
  }
}

export const asked: Asked = {
  target: 'sts.contoso.test',
  servers: [],
  port: null,
  family: null,
  android: null,
  trustAnchors: [],
  deviceCas: [],
  remembered: [],
  intermediates: [],
  at: null,
  offline: false,
  aiaAllowPrivate: false,
  warn: null,
  crit: null,
  timeoutMs: null,
  repeat: 0,
  proxy: null,
}

/** A finding about machines, with actions as advice. */
export function finding(
  id: string,
  machines: readonly Machine[],
  actions: readonly (Action | Advice)[],
): Finding {
  const subjects = machines.map((machine) => subjectOf(machine).id)
  const cases = subjects.map((subject) => ({ key: `${id}|${subject}|x`, subject, evidence: null }))
  return {
    id,
    key: cases[0]?.key ?? id,
    severity: 'critical',
    subjects,
    releases: ['14'],
    certificate: null,
    title: id,
    short: null,
    brief: null,
    words: [id],
    cases,
    advice: actions.map((action) => ('verb' in action ? { action } : action)),
    sources: [],
  }
}

export const added = (
  certificate: Certificate,
  issued: Certificate,
  from = 'http://ca.contoso.test/1.cer',
) => ({
  certificate,
  origin: 'aia' as const,
  from,
  issued,
})
