import { offeredExtensions } from './client-hello.js'
import {
  cipherSuiteName,
  extensionTypes,
  signallingSuites,
  suiteFitsVersion,
  versionName,
} from './code-points.js'
import { tls13Suites } from './key-schedule.js'
import type { HelloShape } from './observation.js'
import { isRetry, type ServerHello, selectedVersion } from './server-messages.js'
import { refuse } from './wire.js'

/** What was offered, and what the server has chosen so far. */
export interface Offer {
  readonly shape: HelloShape
  readonly sessionId: Buffer
  /** The HelloRetryRequest that came before; null: none. */
  readonly retry: ServerHello | null
}

/**
 * The version that a ServerHello or HelloRetryRequest chooses. Every choice must come from the offer (RFC 8446 §4.1.3,
 * RFC 5246 §7.4.1.3); one that does not is thrown as a `ProtocolError`.
 */
export function checkChoices(hello: ServerHello, offer: Offer): number {
  const version = chosenVersion(hello, offer)
  checkSuite(hello, version, offer)
  checkExtensions(hello, version, offer)
  checkSession(hello, version, offer)
  if (hello.compression !== 0) refuse('the server chose compression, which was not offered')
  if (version < 0x0304) checkDowngrade(hello, version, offer)
  else if (offer.retry && isRetry(hello)) refuse('the server sent a second HelloRetryRequest')
  return version
}

function chosenVersion(hello: ServerHello, { shape, retry }: Offer): number {
  const selected = selectedVersion(hello)
  const version = selected ?? hello.version
  const name = versionName(version)
  if (!shape.versions.includes(version) || (selected === null && version > 0x0303))
    refuse(`the server chose ${name}, which was not offered`)
  if (selected !== null && (selected < 0x0304 || hello.version !== 0x0303))
    refuse(`the server chose ${name} in a way that TLS does not allow`)
  if (retry && version !== 0x0304) refuse(`the server chose ${name} after a HelloRetryRequest`)
  return version
}

function checkSuite({ cipherSuite }: ServerHello, version: number, { shape, retry }: Offer): void {
  const name = cipherSuiteName(cipherSuite)
  if (!shape.cipherSuites.includes(cipherSuite) || signallingSuites.includes(cipherSuite))
    refuse(`the server chose the cipher suite ${name}, which was not offered`)
  if (!suiteFitsVersion(cipherSuite, version))
    refuse(`the server chose the cipher suite ${name}, which ${versionName(version)} does not have`)
  if (version === 0x0304 && !tls13Suites[cipherSuite])
    refuse(`the server chose the cipher suite ${name}, which is unknown here`)
  if (retry && retry.cipherSuite !== cipherSuite)
    refuse('the server changed the cipher suite after its HelloRetryRequest')
}

function checkExtensions(hello: ServerHello, version: number, { shape }: Offer): void {
  const { supportedVersions, keyShare, cookie } = extensionTypes
  const offered = offeredExtensions(shape)
  for (const type of hello.extensions.keys()) {
    const allowed =
      version === 0x0304
        ? type === supportedVersions || type === keyShare || (type === cookie && isRetry(hello))
        : offered.has(type) && type !== keyShare
    if (!allowed) refuse(`the server answered with extension ${type}, which was not offered`)
  }
}

/** TLS 1.3 repeats the session id of the hello; before, that would resume a session, and there is none. */
function checkSession(hello: ServerHello, version: number, { sessionId }: Offer): void {
  const echoed = hello.sessionId.equals(sessionId)
  if (version === 0x0304 && !echoed) refuse('the server does not echo the session id')
  if (version < 0x0304 && echoed && sessionId.length > 0)
    refuse('the server resumes a session that does not exist')
}

/** Last octets of `random` by which a server that could do better betrays a forced downgrade (RFC 8446 §4.1.3). */
const downgrades = { toTls12: '444f574e47524401', toOlder: '444f574e47524400' }

function checkDowngrade(hello: ServerHello, version: number, { shape }: Offer): void {
  const sentinel = hello.random.toString('hex', 24)
  const highest = shape.versions.at(-1)!
  const downgraded =
    (sentinel === downgrades.toTls12 && highest > 0x0303) ||
    (sentinel === downgrades.toOlder && highest >= 0x0303 && version < highest)
  if (downgraded)
    refuse(`the server marked ${versionName(version)} as a downgrade: someone altered the hello on its way`)
}
