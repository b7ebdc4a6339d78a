import { catalogue } from '../../src/android/catalogue.js'
import publicRoots from '../../src/android/public-roots-data.json' with { type: 'json' }
import { rootsOf } from '../../src/android/trust-store.js'
import type { Attribute } from '../../src/demo/asn1.js'
import type { Issued } from '../../src/demo/authority.js'
import { make } from './examined.js'

/**
 * Public hierarchies of 2026 offline: authorities with the names and key identifiers of the real ones (and keys of our
 * own, which the catalogue cannot tell: it knows facts, no keys).
 */
export const named = (name: string): [Attribute, string][] => {
  const [country, organisation] = owners.find(([begin]) => name.startsWith(begin))![1]
  return [
    ['2.5.4.6', country],
    ['2.5.4.10', organisation],
    ['2.5.4.3', name],
  ]
}
const owners: readonly (readonly [string, readonly [string, string]])[] = [
  ['Root Y', ['US', 'ISRG']],
  ['ISRG', ['US', 'Internet Security Research Group']],
  ['Y', ['US', "Let's Encrypt"]],
  ['GoDaddy', ['US', 'GoDaddy.com']],
  ['GlobalSign', ['BE', 'GlobalSign nv-sa']],
  ['DigiCert', ['US', 'DigiCert, Inc.']],
  ['Sectigo', ['GB', 'Sectigo Limited']],
]
export const ca = (name: string, issuer?: Issued): Issued => {
  const begin = `CN=${name},`
  const keyIdentifier =
    [...catalogue, ...publicRoots.roots].find(({ subject }) => subject.startsWith(begin))?.keyIdentifier ??
    rootsOf('17', begin)[0]?.certificate?.subjectKeyIdentifier
  return make({
    subject: named(name),
    // As the real one writes its name; stores are asked by its encoding.
    ...(name.startsWith('DigiCert') && { stringType: 'printable' as const }),
    ca: true,
    ...(issuer && { issuer }),
    ...(keyIdentifier && { subjectKeyIdentifier: Buffer.from(keyIdentifier, 'hex') }),
  })
}
export const rootYr = ca('Root YR')
export const yr1 = ca('YR1', rootYr)
export const x2 = ca('ISRG Root X2')
export const rootYe = ca('Root YE', x2)
export const ye1 = ca('YE1', ca('Root YE'))
export const r46 = ca('Sectigo Public Server Authentication Root R46')
export const r36 = ca('Sectigo Public Server Authentication CA DV R36', r46)
export const e46 = ca('Sectigo Public Server Authentication Root E46')
export const e36 = ca('Sectigo Public Server Authentication CA DV E36', e46)
export const globalSign = ca('GlobalSign Root R46')
export const gcc = ca('GlobalSign GCC R46 OV TLS CA 2025', globalSign)
export const g5 = ca('DigiCert TLS RSA4096 Root G5')
export const g5Ca = ca('DigiCert G5 TLS RSA4096 SHA384 2021 CA1', g5)
export const goDaddy = ca('GoDaddy TLS Root CA - R1')

/** What servers send above their own certificate, issuer first; none of it leads to a root of Android 10 to 13. */
export const publicChains: Readonly<Record<string, readonly [Issued, ...(readonly Issued[])]>> = {
  "Let's Encrypt YR": [yr1],
  "Let's Encrypt YE": [ye1],
  'ISRG X2': [rootYe],
  'Sectigo R46': [r36],
  'Sectigo E46': [e36],
  'GlobalSign R46': [gcc],
  'DigiCert G5': [g5Ca],
  'GoDaddy R1': [ca('GoDaddy TLS RSA CA', goDaddy)],
}
