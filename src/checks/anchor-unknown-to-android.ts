import { releases as allReleases, type Release } from '../android/releases.js'
import { defineCheck } from './check.js'
import { factOf } from './support/certificates.js'
import { type NoAnchor, noAnchor } from './support/no-anchor.js'
import { applySteps, atServer, confirm, reissueSteps, sources } from './support/steps.js'
import { affected, safe, shortName, without } from './support/wording.js'

export const anchorUnknownToAndroid = defineCheck({
  id: 'anchor-unknown-to-android',
  severity: 'error',
  title: 'The chain ends at a root that Android does not trust',
  sources: [
    'AOSP system/ca-certificates and conscrypt apex/ca-certificates, per release',
    'frameworks/base NetworkSecurityConfig.java (user-added authorities from Android 7)',
    'Microsoft KB2831004 (several trusted paths on Windows)',
  ],
  rules: ['anchor-unknown'],
  run: (context) =>
    noAnchor(context)
      .filter(({ unknown }) => unknown.length > 0)
      .map((trouble) => {
        const having = trouble.root ? context.releasesTrusting(trouble.root.certificate) : []
        return {
          endpoint: trouble.endpoint.id,
          releases: trouble.unknown,
          evidence: {
            root: rootNames(trouble),
            certificate: trouble.root && factOf(trouble.root.certificate, trouble.endpoint),
            certain: trouble.endpoint.unresolved === null,
            spelledDifferently: trouble.root?.spelledDifferently ?? false,
            trustedBy: having,
            firstRelease: firstOf(having),
            afterRepair: trouble.endpoint.missing.length > 0 && !trouble.root?.acceptedNow,
            crossCertificates: trouble.root?.acceptedNow
              ? trouble.endpoint.missing.map(({ certificate, from }) => ({
                  certificate: factOf(certificate),
                  from: safe(from),
                }))
              : [],
            widened: context.releases.filter(
              (release) =>
                trouble.unknown.includes(release) && trouble.endpoint.acceptedAfterRepair.includes(release),
            ),
          },
        }
      }),
  message({ root, certain, spelledDifferently, firstRelease, afterRepair }, finding, context) {
    const who = affected(finding.releases, context)
    const missing = afterRepair ? 'Even with the missing intermediates' : 'The chain'
    const ends = afterRepair ? `the chain ends at "${root.name}"` : `ends at "${root.name}"`
    if (spelledDifferently) {
      return `${missing} ${ends}, but a certificate below writes that name with another string type; ${who} looks roots up by the encoded name and does not find it.`
    }
    if (firstRelease !== null) {
      return `${missing} ${ends}, which ${without('have', finding.releases, context)}; the first release with this root is Android ${firstRelease}. The certificates sent are in order; the root is too new for the older phones.`
    }
    const doubt = certain ? '' : ' (or one more intermediate is missing that nobody could supply)'
    return `${missing} ${ends}, which ${without('trust', finding.releases, context)}${doubt}: most likely a private authority. From Android 7 apps also ignore roots that users or device management install, unless the app asks for them, so importing intermediates or sending users instructions does not help.`
  },
  steps({ root, spelledDifferently, firstRelease, crossCertificates, widened }, finding, context) {
    if (firstRelease === null || spelledDifferently) {
      return reissueSteps(context, finding, 'from a public authority whose root the phones already have')
    }
    const where = atServer(finding)
    return [
      ...(crossCertificates.length > 0
        ? [
            `AD FS administrator, on ${where}: import the certificate that leads to an older root, so that ${affected(widened, context)} can follow it: Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA, for ${sources(crossCertificates)}.`,
          ]
        : [
            `AD FS administrator: ask the authority for the cross-certificate of "${root.name}", issued by one of its older roots; then, on ${where}, as local administrator: Import-Certificate -FilePath CROSS.cer -CertStoreLocation Cert:\\LocalMachine\\CA.`,
          ]),
      `There too, keep Windows from the shorter path to the new root: certlm.msc, Trusted Root Certification Authorities, "${root.name}", Properties, Disable all purposes for this certificate. Risk: this server then no longer trusts other sites under that root, and automatic root updates may bring it back.`,
      ...applySteps(context, finding),
      `If there is no cross-certificate, choose: a certificate from an authority with an older root, or no support for the releases before Android ${firstRelease}.`,
      confirm(context, finding, 'the older releases accept it'),
    ]
  },
})

const firstOf = (having: readonly Release[]): Release | null =>
  allReleases.find((release) => having.includes(release)) ?? null

/** The root where it is known, else the issuer that the last certificate of the chain names. */
function rootNames({ root, chain, endpoint }: NoAnchor) {
  const child = endpoint.unresolved?.child ?? chain.tops.at(-1) ?? chain.leaf
  const name = root ? root.certificate.subject : child.issuer
  return {
    name: shortName(name),
    subject: name.text,
    keyIdentifier: root
      ? root.certificate.subjectKeyIdentifier
      : (child.authorityKeyIdentifier?.keyIdentifier ?? null),
    urls: child.caIssuers.map(safe),
  }
}
