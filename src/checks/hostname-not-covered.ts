import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { type HostNameEvidence, hostNameFindings } from './support/host-names.js'
import { atServer, reissueSteps } from './support/steps.js'
import { affected, listSome } from './support/wording.js'

export const hostnameNotCovered = defineCheck<HostNameEvidence>({
  id: 'hostname-not-covered',
  severity: 'error',
  title: 'The certificate is for other names',
  sources: [
    'RFC 9525 §6.3',
    'okhttp OkHostnameVerifier.java@android-4.4_r1 to @android-15.0.0_r1',
    'Microsoft: AD FS requirements (names of the TLS certificate)',
  ],
  rules: ['host-name'],
  run: (context) => hostNameFindings(context, { inCommonName: false }),
  message({ certificate, wanted, names, nearMiss, patchDependent }, finding, context) {
    const list = names.length > 0 ? listSome(names.map((name) => `"${name}"`)) : 'no name at all'
    const near = nearMiss ? ` "${nearMiss.name}" ${nearMiss.why}.` : ''
    const patch =
      patchDependent.length > 0
        ? ` On ${affected(patchDependent, context)} it depends on the security patch (2021-02).`
        : ''
    return `${called(certificate)} does not cover ${wanted}; it covers ${list}.${near} Apps on ${affected(finding.releases, context)} refuse it.${patch}`
  },
  steps: ({ wanted }, finding, context) => [
    `AD FS administrator, on ${atServer(finding)}: see whether the right certificate is bound to this name: netsh http show sslcert hostnameport=${wanted}:${portOf(finding.endpoint) ?? context.target.port}, and whether an IP:port binding overrules it: netsh http show sslcert. On a load balancer: the certificate of the listener.`,
    ...reissueSteps(context, finding, 'that lists this name as a DNS subject alternative name'),
  ],
})

const portOf = (endpoint: string | null): string | undefined => endpoint?.split(':').at(-1)
