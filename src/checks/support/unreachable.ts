import type { ProbeOutcome, ProbePhase } from '../../tls/observation.js'
import { phaseText } from '../../tls/wording.js'
import { safe } from './wording.js'

/** How a connection ended: a fact, and what somebody should do about it. */
export interface Unreachable {
  readonly fact: string
  readonly steps: readonly string[]
}

const isSniPhase = (phase: ProbePhase): boolean => phase === 'server-hello' || phase === 'client-hello'

/** Null: the certificates were seen and the handshake went on as far as we follow it. */
export function describeEnd(outcome: ProbeOutcome, where: string, name: string): Unreachable | null {
  const afterwards = 'phase' in outcome ? ` while waiting for ${phaseText[outcome.phase]}` : ''
  switch (outcome.kind) {
    case 'observed':
      return null
    case 'unreachable':
      return unreachable(outcome, where)
    case 'proxy-failed':
      return {
        fact: `The proxy did not connect (${safe(outcome.detail)})`,
        steps: [
          'Proxy administrator: allow CONNECT to this address and port, or run the check without --proxy.',
        ],
      }
    case 'timed-out':
      return {
        fact: `Nothing came within ${outcome.timeoutMs / 1000} s${afterwards}`,
        steps:
          outcome.phase === 'connect'
            ? [
                `Network administrator: a firewall drops connections to ${where} or no server has this address any more. Allow it from here, or take the address out of DNS and the load balancer.`,
              ]
            : [
                `AD FS administrator, on ${where}: the port is open but TLS does not answer. Get-Service adfssrv (on a proxy also appproxysvc), restart what hangs; behind a load balancer, see whether it has a healthy server. A larger --timeout tells slow from dead.`,
              ],
      }
    case 'alert':
      return {
        fact: `The server answered with the TLS alert ${outcome.alert.name}${afterwards}`,
        steps: [
          outcome.alert.name === 'unrecognized_name'
            ? bindingStep(where, name)
            : `AD FS administrator, on ${where}: compare the protocols and cipher suites that Windows allows (Get-TlsCipherSuite; SCHANNEL\\Protocols in the registry) and see the System log, source Schannel. ${bindingStep(where, name)}`,
        ],
      }
    case 'reset':
    case 'closed':
      return {
        fact: `The connection was ${outcome.kind}${afterwards}`,
        steps: isSniPhase(outcome.phase)
          ? [
              bindingStep(where, name),
              'Network administrator: a firewall that inspects TLS may reset it too.',
            ]
          : [
              `AD FS administrator, on ${where}: see the System log, sources Schannel and HttpEvent, at this minute; a load balancer or firewall in between may cut connections.`,
            ],
      }
    case 'not-tls':
      return {
        fact:
          outcome.looksLike === 'http'
            ? 'The port speaks plain HTTP, not TLS'
            : `The port does not speak TLS (${safe(outcome.detail)})`,
        steps: [
          'Whoever ran this check: is the port right? AD FS answers TLS on 443 and 49443; port 80 is only for health probes.',
          `If the port is right, the AD FS or load-balancer administrator binds TLS to it on ${where}.`,
        ],
      }
    case 'limit-exceeded':
      return {
        fact: `The server sent more than is read: ${safe(outcome.limit)}, at most ${outcome.maximum}${outcome.actual === null ? '' : `, here ${outcome.actual}`}`,
        steps: [
          `AD FS or load-balancer administrator: what answers on ${where} is no ordinary TLS server. Find out which device has this address.`,
        ],
      }
    case 'protocol-error':
      return {
        fact: `The server breaks the TLS protocol${afterwards} (${safe(outcome.detail)})`,
        steps: [
          `Network administrator: find out which device answers on ${where}; an inspecting firewall or an old load balancer is more likely than Windows. Then run the check from inside that device.`,
        ],
      }
  }
}

function unreachable(outcome: Extract<ProbeOutcome, { kind: 'unreachable' }>, where: string): Unreachable {
  switch (outcome.reason) {
    case 'refused':
      return {
        fact: 'The connection was refused: nothing listens on this port',
        steps: [
          `AD FS administrator, on ${where}: Get-Service adfssrv (on a proxy also appproxysvc), start what is stopped; then netsh http show servicestate. On a load balancer: is the virtual server up?`,
        ],
      }
    case 'no-route':
      return {
        fact: 'There is no route from here to this address',
        steps: [
          'Whoever ran this check: run it where the address can be reached (an IPv6 address needs IPv6 here, an inside address the inside network), or name the servers with --server.',
        ],
      }
    case 'other':
      return {
        fact: `The connection failed (${safe(outcome.detail)})`,
        steps: [`Network administrator: see why ${where} cannot be reached from here.`],
      }
  }
}

const bindingStep = (where: string, name: string): string =>
  `AD FS administrator, on ${where}: see whether a certificate is bound to the name: netsh http show sslcert hostnameport=${name}:443; on AD FS Get-AdfsSslCertificate, on a proxy Get-WebApplicationProxySslCertificate. Windows resets names that it has no binding for.`
