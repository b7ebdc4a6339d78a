import { defineCheck, type Finding } from './check.js'
import { atServer } from './support/steps.js'

/** A hello without server name ended without certificates. */
export const sniRequired = defineCheck<{ readonly ended: string }>({
  id: 'sni-required',
  severity: 'info',
  title: 'The server answers only to its name',
  sources: ['RFC 6066 §3', 'Microsoft Application Proxy blog, 2014-06-19 (SNI)'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap(({ id, withoutServerName: outcome, hellos }): Finding<{ ended: string }>[] =>
      // The newest release's hello came through with its name; without it, it did not.
      hellos.some(
        (hello) => hello.releases.includes(context.releases.at(-1)!) && hello.outcome.kind === 'observed',
      ) &&
      (outcome?.kind === 'reset' || outcome?.kind === 'closed' || outcome?.kind === 'alert')
        ? [{ endpoint: id, releases: [], evidence: { ended: outcome.kind } }]
        : [],
    ),
  message: ({ ended }) =>
    `Without a server name the connection ends (${ended}). That is normal for AD FS and its proxies from 2012 R2 on; every checked Android release sends the name.`,
  steps: (_evidence, finding) => [
    `Nothing to do for Android. Only if a health probe or an old client cannot send a name, the AD FS administrator adds a fallback binding on ${atServer(finding)}: netsh http add sslcert ipport=0.0.0.0:443 certhash=THUMBPRINT appid={5d89a20c-beab-4389-9447-324788eb944a} - and must renew it by hand ever after.`,
  ],
})
