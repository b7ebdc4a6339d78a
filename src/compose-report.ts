import { createHash } from 'node:crypto'
import { releasesOf, storeInfo } from './android/trust-store.js'
import type { CheckContext } from './checks/check.js'
import { runChecks } from './checks/registry.js'
import { type RepairedServer, type Settings, spokenFor } from './judge-server.js'
import type { IssuerFetcher } from './repair/fetch.js'
import { fetchOutcomeText } from './repair/fetch-outcome.js'
import {
  CertificateIndex,
  handshakeReport,
  observationOf,
  outcomeReport,
  outcomeText,
  verdictReport,
} from './report/build.js'
import { cutShortSteps, repairSteps } from './report/repair-steps.js'
import type { EndpointReport, Report } from './report/report.js'
import { overallVerdict } from './report/verdict.js'
import type { Target } from './target/target.js'
import { version } from './version.js'
import type { Certificate } from './x509/certificate.js'

/** Runs the checks over everything judged and puts it all into one value. */
export function composeReport(
  target: Target,
  servers: readonly RepairedServer[],
  unresolvedNames: CheckContext['unresolvedNames'],
  fetcher: IssuerFetcher | null,
  settings: Settings,
): Report {
  const context: CheckContext = {
    target,
    at: settings.at,
    releases: settings.releases,
    warnDays: settings.warnDays ?? 30,
    critDays: settings.critDays ?? 7,
    endpoints: servers,
    unresolvedNames,
    releasesTrusting: (certificate) =>
      isAdded(certificate, settings) ? settings.releases : releasesOf(certificate),
    isPublicAnchor: (certificate) => releasesOf(certificate).length > 0,
  }
  const index = new CertificateIndex()
  const endpoints = servers.map((server) => endpointReport(server, index))
  const findings = runChecks(context)
  return {
    schemaVersion: 1,
    tool: { name: 'adfs-check', version },
    at: settings.at.toISOString(),
    target: { name: target.name, displayName: target.displayName, port: target.port },
    verdict: overallVerdict(endpoints, findings),
    releases: settings.releases,
    trustStores: {
      sources: Object.fromEntries(
        settings.releases.map((release) => {
          const { roots, source } = storeInfo(release)
          return [release, `${roots} roots, ${source}`]
        }),
      ),
      added: (settings.trustAnchors ?? []).map(({ sha256 }) => sha256),
    },
    endpoints,
    findings,
    repair: repairReport(target, servers, fetcher, index),
    certificates: index.report(),
  }
}

const isAdded = (certificate: Certificate, { trustAnchors = [] }: Settings) =>
  trustAnchors.some(({ publicKey }) => publicKey.spkiSha256 === certificate.publicKey.spkiSha256)

function endpointReport(server: RepairedServer, index: CertificateIndex): EndpointReport {
  const { endpoint, observations, presented, verdicts, afterRepair } = server
  for (const certificate of presented) index.add(certificate, `sent by ${server.id}`)
  index.addVerdicts(verdicts)
  index.addVerdicts(afterRepair)
  const observation = observationOf(observations.main)
  const connections = observations.tried.map(({ shape, outcome }) => ({
    hello: shape.id,
    sni: shape.sni && endpoint.serverName !== null,
    outcome: outcomeText(outcome),
    releases: spokenFor(shape.id, observations),
  }))
  return {
    ...endpoint,
    outcome: outcomeReport(observations.main),
    sent: (observation?.certificates ?? []).map(sha256Of),
    handshake: observation && handshakeReport(observation),
    connections,
    withoutServerName: observations.withoutServerName && {
      outcome: outcomeText(observations.withoutServerName),
      sent: (observationOf(observations.withoutServerName)?.certificates ?? []).map(sha256Of),
    },
    verdicts: verdicts.map((verdict) => verdictReport(verdict, server.remembered.get(verdict.release) ?? [])),
    afterRepair: afterRepair.map((verdict) => verdictReport(verdict, [])),
    chromium: chromiumReport(server),
  }
}

/**
 * What Chrome and WebView make of the server: they ask the platform, and where it finds no trusted root they fetch
 * issuers over AIA and ask again (chromium net/cert/cert_verify_proc_android.cc). Judged on the newest release only.
 */
function chromiumReport({
  verdicts,
  afterRepair,
  plan,
  unresolved,
}: RepairedServer): EndpointReport['chromium'] {
  const newest = verdicts.at(-1)
  if (!newest) return null
  if (newest.kind === 'accepted') return { verdict: 'accepted', reason: 'needs nothing that is not sent' }
  const urls = [
    ...(plan?.missing.map(({ issued }) => issued) ?? []),
    ...(unresolved ? [unresolved.child] : []),
  ]
  const helps = afterRepair.at(-1)?.kind === 'accepted'
  if (helps && plan!.missing.every(({ origin }) => origin === 'aia')) {
    return { verdict: 'accepted', reason: 'fetches the missing intermediates over AIA; apps do not' }
  }
  if ((helps || unresolved) && urls.every(({ caIssuers }) => caIssuers.length > 0)) {
    return {
      verdict: 'unknown',
      reason: 'would try to fetch the missing intermediates over AIA, which was not tried here; apps do not',
    }
  }
  return { verdict: 'refused', reason: 'has nothing to fetch that would help' }
}

function repairReport(
  target: Target,
  servers: readonly RepairedServer[],
  fetcher: IssuerFetcher | null,
  index: CertificateIndex,
): Report['repair'] {
  const missing = new Map<string, Report['repair']['missing'][number]>()
  const unresolved = new Map<string, Report['repair']['unresolved'][number]>()
  const chains = new Map<string, Report['repair']['chains'][number]>()
  for (const { id, plan } of servers) {
    if (!plan) continue
    for (const { certificate, origin, from, issued } of plan.missing) {
      index.add(certificate, `${origin}: ${from}`)
      const known = missing.get(certificate.sha256)
      missing.set(certificate.sha256, {
        sha256: certificate.sha256,
        subject: certificate.subject.text,
        origin,
        from,
        issued: issued.sha256,
        endpoints: [...(known?.endpoints ?? []), id],
      })
    }
    if (plan.unresolved) {
      const { child, urls } = plan.unresolved
      const known = unresolved.get(child.issuer.text)
      unresolved.set(child.issuer.text, {
        subject: child.issuer.text,
        keyIdentifier: child.authorityKeyIdentifier?.keyIdentifier ?? null,
        urls,
        endpoints: [...(known?.endpoints ?? []), id],
      })
    }
    if (plan.missing.length > 0) {
      const chain = plan.chain.map(({ sha256 }) => sha256)
      const known = chains.get(chain.join())
      chains.set(chain.join(), { endpoints: [...(known?.endpoints ?? []), id], chain })
    }
  }
  const wanting = { missing: [...missing.values()], unresolved: [...unresolved.values()] }
  return {
    ...wanting,
    chains: [...chains.values()],
    fetches: (fetcher?.attempts() ?? []).map(({ url, outcome }) => ({
      url,
      outcome: fetchOutcomeText(outcome),
    })),
    files: [],
    steps: [
      ...cutShortSteps(servers.flatMap(({ id, plan }) => (plan?.isCutShort ? [id] : []))),
      ...repairSteps(target, wanting, null),
    ],
  }
}

const sha256Of = (der: Uint8Array) => createHash('sha256').update(der).digest('hex')
