import { createHash } from 'node:crypto'
import type { PublicKey } from '../x509/certificate.js'
import { blockedFrom17 } from './blocklist-17.js'

/**
 * SHA-1 of the SubjectPublicKeyInfo of keys that AOSP lists: BouncyCastle CertBlacklist (4.4–6.0), conscrypt
 * CertBlacklist and CertBlocklistImpl (7.0+). Not included: what a device or its maker adds under /data/misc/keychain,
 * and the keys of the platform's own tests.
 */
const blockedKeys: Record<string, string> = {
  '410f36363258f30b347d12ce4863e433437806a8': 'DigiNotar Root CA',
  ba3e7bd38cd7e1e6b9cd4c219962e59d7a2f4e37: 'DigiNotar Cyber CA',
  e23b8d105f87710a68d9248050ebefc627be4ca6: 'DigiNotar Services 1024 CA',
  '7b2e16bc39bcd72b456e9f055d1de615b74945db': 'DigiNotar PKIoverheid CA Organisatie - G2',
  e8f91200c65cee16e039b9f883841661635f81c5: 'DigiNotar PKIoverheid CA Overheid en Bedrijven',
  '0129bcd5b448ae8d2496d1c3e19723919088e152': 'Digicert Sdn. Bhd.',
  '5f3ab33d55007054bc5e3e5553cd8d8465d77c61': 'a CA certificate issued by TÜRKTRUST in error',
  '783333c9687df63377efceddd82efa9101913e8e': 'a CA certificate issued by TÜRKTRUST in error',
  '3ecf4bbbe46096d514bb539bb913d77aa4ef31bf': 'an intermediate of AC DG Trésor SSL',
}

const found = new WeakMap<PublicKey, string | null>()

/** Whose blocked key this is, to follow "the key is", or null. From 17 on a second list counts. */
export function blockedKey(key: PublicKey, { blocksChromiumKeys = false } = {}): string | null {
  if (blocksChromiumKeys && blockedFrom17.has(key.spkiSha256))
    return 'on the list of keys that Chromium blocks'
  let owner = found.get(key)
  if (owner === undefined) {
    const known = blockedKeys[createHash('sha1').update(key.spki).digest('hex')]
    owner = known === undefined ? null : `that of ${known}`
    found.set(key, owner)
  }
  return owner
}
