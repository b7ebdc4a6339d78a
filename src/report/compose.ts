import type { Step } from '../adfs/actions.js'
import { environmentOf, optionsOf } from '../adfs/commands.js'
import { tlsSignsOf } from '../adfs/tls-end.js'
import { dataInUse } from '../android/data-in-use.js'
import { factsOf, supported } from '../android/releases.js'
import { rootsIn, storeInfo, storeUpdates } from '../android/trust-store.js'
import type { ExaminedFarm } from '../checks/check.js'
import { findingsOf } from '../checks/registry.js'
import type { Finding, Result } from '../checks/result.js'
import type { AskedUrl } from '../examine/issuers.js'
import { certificatesOf } from '../examine/presented.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { type Farm, machineName, type Subject } from '../farm/subject.js'
import type { Composed } from '../gate/gate.js'
import { fetchOutcomeText } from '../network/fetch-outcome.js'
import type { Words } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import { shortName } from '../x509/identity.js'
import { certificateReport } from './certificate-report.js'
import { instant } from './instant.js'
import { plain } from './plain.js'
import type { Report } from './schema.js'
import { grouped, subjectReport } from './subject-report.js'
import { vantageReport } from './vantages.js'

export interface Found {
  readonly examined: ExaminedFarm
  readonly results: readonly Result[]
  readonly steps: readonly Step[]
  readonly asked: Asked
  /** What was downloaded, or tried to be. */
  readonly fetches: readonly AskedUrl[]
}

/** Everything found out about one farm as one plain value, for any format and any program. */
export function composeReport({ examined, results, steps, asked, fetches }: Found): Composed {
  const { farm, releases, others } = examined
  const certificates = new CertificateIndex(examined)
  const signs = tlsSignsOf(examined.examinations)
  return {
    farm: {
      id: farm.id,
      names: [...farm.names],
      ports: [...farm.ports],
      unresolved: [...farm.unresolved],
      ...(farm.leftOut.length > 0
        ? {
            leftOut: farm.leftOut.map(({ vantages, ...one }) => ({
              ...one,
              ...(vantages && { vantages: [...vantages] }),
            })),
          }
        : {}),
    },
    at: instant(examined.at),
    policy: {
      releases: [...releases],
      others: [...others],
      warn: examined.warn,
      crit: examined.crit,
      supported,
    },
    network: {
      resolver: asked.servers.length > 0 ? 'servers named' : 'system',
      proxy: asked.proxy === 'none' ? null : asked.proxy,
      offline: asked.offline,
      timeoutMs: asked.timeoutMs ?? defaultTimeoutMs,
      environment: [...environmentOf(asked)],
    },
    trustStores: {
      sources: grouped(
        releases.map((release) => {
          const { roots, source } = storeInfo(release)
          return { releases: [release], roots, source, shipped: factsOf(release).released }
        }),
      ),
      updates: storeUpdates.flatMap((update) => {
        const reached = releases.filter((release) => update.reaches.includes(release))
        return reached.length === 0
          ? []
          : [{ update: update.update, releases: reached, roots: rootsIn(update), source: update.source }]
      }),
      added: asked.trustAnchors.flatMap((file) =>
        file.certificates.map(({ certificate }) => certificate.sha256),
      ),
      ...(dataInUse && { data: { file: asked.trustData?.path ?? null, ...dataInUse } }),
    },
    asked: [...optionsOf(asked)],
    ...vantageReport(examined),
    ...(examined.renewal && {
      renewal: { file: examined.renewal.path, certificate: examined.renewal.leaf.sha256 },
    }),
    subjects: examined.examinations.map((examination) => ({
      ...subjectReport(examination, releases, examined.at, signs.get(examination.subject.id) ?? []),
      ...machine(examination.subject, farm),
    })),
    findings: findingsOf(results).map((finding) => findingReport(finding, certificates)),
    checks: results.map(({ id, title, status, why }) => ({ id, title, status, why })),
    plan: {
      steps: steps.map(({ on, by, action, argv, because }) => ({
        on: [...on],
        by,
        action: { ...action },
        argv: argv && [...argv],
        because: [...because],
      })),
    },
    fetches: fetches.map(({ url, purpose, outcome, certificates: found, problem }) => ({
      url,
      purpose,
      outcome: fetchOutcomeText(outcome, purpose === 'crl' ? null : found.length, problem),
    })),
    kit: null,
    certificates: certificates.report(),
  }
}

/** Said where it tells more than the subject's own id. */
function machine(subject: Subject, { names, ports }: Farm): { readonly node?: string } {
  if (subject.kind === 'file') return {}
  const isPlain = machineName(subject) === null && names.length <= 1 && ports.length <= 1
  return isPlain ? {} : { node: subject.node.id }
}

function findingReport(finding: Finding, certificates: CertificateIndex): Report['findings'][number] {
  const {
    id,
    key,
    severity,
    subjects,
    releases,
    certificate,
    title,
    words,
    short,
    brief,
    cases,
    advice,
    sources,
  } = finding
  return {
    id,
    key,
    severity,
    subjects: [...subjects],
    releases: [...releases],
    certificate,
    title,
    message: plain(words, certificates.nameOf),
    words: wordsReport(words),
    short: short && wordsReport(short),
    brief: brief && wordsReport(brief),
    cases: [...cases],
    actions: advice.map(({ action }) => ({ ...action })),
    sources: [...sources],
  }
}

const wordsReport = (words: Words): Report['findings'][number]['words'] =>
  words.map((word) => {
    if (typeof word === 'string') return word
    if ('date' in word) return { date: instant(word.date) }
    if ('releases' in word) return { releases: [...word.releases] }
    if ('count' in word) return { count: [...word.count] as [number, string, string] }
    return word
  })

/** Every certificate the report speaks of, each once, with where it was met. */
class CertificateIndex {
  readonly #known = new Map<string, { certificate: Certificate; origins: string[] }>()

  constructor({ examinations, certificates, renewal }: ExaminedFarm) {
    for (const examination of examinations) {
      if (examination.kind === 'unseen') continue
      for (const { entries } of examination.answers)
        for (const certificate of certificatesOf(entries)) this.#add(certificate, examination.subject.id)
      for (const certificate of certificatesOf(examination.strangeName?.entries ?? []))
        this.#add(certificate, examination.subject.id)
      for (const { repair } of examination.repairs) {
        for (const { certificate, origin, from } of repair.add) this.#add(certificate, `${origin}: ${from}`)
        for (const verdict of repair.verdictsAfter)
          if (verdict.kind === 'accepted') this.#addPath(verdict.path.certificates)
      }
      for (const { verdict } of examination.verdicts) {
        if (verdict.kind === 'accepted')
          for (const { certificates: path } of [verdict.path, ...verdict.others]) this.#addPath(path)
        if (verdict.kind === 'depends' && verdict.path) this.#addPath(verdict.path.certificates)
        if (verdict.kind === 'refused')
          for (const { certificates: tried } of verdict.attempted) this.#addPath(tried)
      }
    }
    for (const certificate of renewal ? [...renewal.before, renewal.leaf] : [])
      if (!this.#known.has(certificate.sha256)) this.#add(certificate, 'operator file')
    for (const certificate of certificates.values()) {
      if (!this.#known.has(certificate.sha256)) this.#add(certificate, 'trust-store')
    }
  }

  #addPath(path: readonly { readonly certificate: Certificate; readonly origin: string }[]): void {
    for (const { certificate, origin } of path)
      if (origin === 'anchor') this.#add(certificate, 'trust-store')
      else if (!this.#known.has(certificate.sha256)) this.#add(certificate, origin)
  }

  #add(certificate: Certificate, origin: string): void {
    const entry = this.#known.get(certificate.sha256) ?? { certificate, origins: [] }
    entry.origins.push(origin)
    this.#known.set(certificate.sha256, entry)
  }

  readonly nameOf = (sha256: string): string => {
    const known = this.#known.get(sha256)
    return known ? shortName(known.certificate.subject) : sha256.slice(0, 16)
  }

  report(): Report['certificates'] {
    return Object.fromEntries(
      [...this.#known].map(([sha256, { certificate, origins }]) => [
        sha256,
        certificateReport(certificate, origins),
      ]),
    )
  }
}
