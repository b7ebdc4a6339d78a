import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { uint } from './wire.js'

/** One key of ours for the key exchange. */
export interface KeyShare {
  readonly group: number
  /** KeyShareEntry for the ClientHello (RFC 8446 §4.2.8). */
  readonly entry: Buffer
  /** The shared secret with the server's share; null when that is no valid point of the group. */
  secretWith(peer: Buffer): Buffer | null
}

const curves: Readonly<Record<number, string>> = { 23: 'prime256v1', 24: 'secp384r1', 25: 'secp521r1' }
const x25519 = 29

/** Groups for which `keyShareOf` works. */
export const computableGroups: readonly number[] = [x25519, 23, 24, 25]

/**
 * Our key in one of `computableGroups`: made when first needed, then used for every connection of the process. TLS
 * wants fresh keys so that old traffic stays secret; here nothing is secret. We send no data, and what we read is what
 * the server tells everybody.
 */
export function keyShareOf(group: number): KeyShare {
  let share = shares.get(group)
  if (!share) {
    share = group === x25519 ? createX25519() : createOnCurve(group)
    shares.set(group, share)
  }
  return share
}

const shares = new Map<number, KeyShare>()

function createOnCurve(group: number): KeyShare {
  const ecdh = createECDH(curves[group]!)
  return {
    group,
    entry: entryOf(group, ecdh.generateKeys()),
    secretWith: orNull((peer) => ecdh.computeSecret(peer)),
  }
}

/** Keys travel as JWK inside Node: its DER import and export cost ten times as much (OpenSSL 3 decoders). */
function createX25519(): KeyShare {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return {
    group: x25519,
    entry: entryOf(x25519, Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')),
    secretWith: orNull((peer) => {
      const jwk = { kty: 'OKP', crv: 'X25519', x: peer.toString('base64url') }
      return diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) })
    }),
  }
}

const entryOf = (group: number, publicKey: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...uint(2, group), ...uint(2, publicKey.length)]), publicKey])

/** Node throws on points off the curve, wrong lengths and all-zero results; here that is an answer. */
function orNull(compute: (peer: Buffer) => Buffer): (peer: Buffer) => Buffer | null {
  return (peer) => {
    try {
      return compute(peer)
    } catch {
      return null
    }
  }
}
