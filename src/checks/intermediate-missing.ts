import { defineCheck } from './check.js'
import { called, factOf } from './support/certificates.js'
import { noAnchor } from './support/no-anchor.js'
import { applySteps, atServer, confirm, importSteps } from './support/steps.js'
import { affected, listSome, plural, safe, shortName } from './support/wording.js'

export const intermediateMissing = defineCheck({
  id: 'intermediate-missing',
  severity: 'error',
  title: 'The server does not send every intermediate certificate',
  sources: [
    'RFC 8446 §4.4.2',
    'RFC 5246 §7.4.2',
    'conscrypt TrustManagerImpl.java@android-16.0.0_r2',
    'Microsoft: Android device is missing a required certificate (2026-03-30)',
  ],
  rules: ['no-path-missing-issuer'],
  run: (context) =>
    noAnchor(context)
      .filter(({ missing }) => missing.length > 0)
      .map(({ endpoint, chain, missing }) => {
        const child =
          endpoint.missing[0]?.issued ?? endpoint.unresolved?.child ?? chain.tops.at(-1) ?? chain.leaf
        return {
          endpoint: endpoint.id,
          releases: missing,
          evidence: {
            sent: endpoint.presented.length + endpoint.unreadable.length,
            child: factOf(child, endpoint),
            issuer: {
              name: shortName(child.issuer),
              subject: child.issuer.text,
              keyIdentifier: child.authorityKeyIdentifier?.keyIdentifier ?? null,
              urls: (endpoint.unresolved?.urls ?? child.caIssuers).map(safe),
              tried: (endpoint.unresolved?.tried ?? []).map(safe),
            },
            missing: endpoint.missing.map(({ certificate, from, issued }) => ({
              certificate: factOf(certificate),
              from: safe(from),
              issued: issued.sha256,
            })),
            acceptedAfterRepair: endpoint.acceptedAfterRepair,
          },
        }
      }),
  message({ sent, child, issuer, missing }, finding, context) {
    const names = missing.map(({ certificate }) => `"${certificate.name}"`)
    const what = names.length > 0 ? listSome(names) : `"${issuer.name}"`
    const key = missing[0]?.certificate.keyIdentifier ?? issuer.keyIdentifier
    return [
      `The server sends ${plural(sent, 'certificate')} and not ${what}${key ? ` (key identifier ${key})` : ''}, the issuer of ${called(child)}; ${affected(finding.releases, context)} refuses it.`,
      'Windows and Chrome fetch a missing certificate by themselves (AIA), which is why it works for you; apps on Android do not, except by luck: an app that met this intermediate on another server accepts it until its process restarts.',
    ].join(' ')
  },
  steps({ issuer, missing }, finding, context) {
    const expect = `it should list ${missing[0] ? `"${missing[0].certificate.name}"` : `"${issuer.name}"`} as sent`
    if (missing.length > 0) {
      return [...importSteps(context, finding, missing), confirm(context, finding, expect)]
    }
    return [
      `AD FS administrator, on ${atServer(finding)}: open certlm.msc, Personal, Certificates, the certificate of ${context.target.name}, Certification Path. For each certificate above it except the topmost: View Certificate, Details, Copy to File (DER).${
        issuer.urls.length > 0 ? ` It is also offered at ${listSome(issuer.urls, 3)}.` : ''
      } If "${issuer.name}" is itself the topmost one, nothing is missing: read "adfs-check explain anchor-unknown-to-android".`,
      'Import each file there, as local administrator: Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA (Local Computer, Intermediate Certification Authorities; never Trusted Root).',
      ...applySteps(context, finding),
      confirm(context, finding, expect),
    ]
  },
})
