import type { Certificate } from '../x509/certificate.js'
import { onlyElement } from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'
import { readName, stringOf } from '../x509/name.js'
import { releaseRules, type Verifier } from './release-rules.js'
import type { Release } from './releases.js'

/** The names a certificate offers, as the verifier gets to see them. */
export interface PresentedNames {
  /** In the order of the encoding; only the last counts. */
  readonly commonNames: readonly string[]
  /** Null: no extension, or a list that could not be read. IP entries as the platform writes them. */
  readonly subjectAltNames: readonly { readonly type: string; readonly value: string }[] | null
}

/** What the verifiers of `release` are, as shipped and with the security patch of 2021-02. */
export const verifierOf = (release: Release): { readonly shipped: Verifier; readonly patched: Verifier } => ({
  shipped: releaseRules[release].verifier,
  patched: releaseRules[release].patchedVerifier,
})

/**
 * Whether `verifier` finds `host` among the names of a certificate. `host` is the URL's, without brackets. The names
 * of a `Certificate` are those that 8.0 and later read from it; for earlier releases see `presentedNames`.
 */
export function matchesHost(names: PresentedNames | Certificate, host: string, verifier: Verifier): boolean {
  const presented = 'der' in names ? presentedNames(names, { oddNameSpoilsList: false }) : names
  const alternatives = presented.subjectAltNames ?? []
  if (looksLikeAddress.test(host)) {
    return alternatives.some(({ type, value }) => type === 'ip' && value.toLowerCase() === host.toLowerCase())
  }
  if (verifier === 'V6' && !isPrintableAscii(host)) return false
  const wanted = host.toLowerCase()
  const dnsNames = alternatives.filter(({ type }) => type === 'dns')
  const matches = (pattern: string): boolean => patternMatches(wanted, pattern, verifier)
  if (dnsNames.length > 0 || verifier === 'V4' || verifier === 'V6') {
    return dnsNames.some(({ value }) => (verifier !== 'V6' || isPrintableAscii(value)) && matches(value))
  }
  const commonName = presented.commonNames.at(-1)
  return commonName !== undefined && matches(commonName)
}

/**
 * The names as the platform's parser hands them to the verifier (conscrypt GENERAL_NAME_to_jobject): a dNSName with NUL
 * or a byte above 127 is dropped, and before 8.0 takes the whole list with it. A list that is there twice is none
 * (X509_get_ext_d2i).
 */
export function presentedNames(
  certificate: Certificate,
  { oddNameSpoilsList }: { readonly oddNameSpoilsList: boolean },
): PresentedNames {
  // RDNs count from the last, attributes within one from the first, as in the RFC 2253 text that Android searches.
  const commonNames = readName(onlyElement(certificate.subject.der))
    .flatMap((rdn) => rdn.toReversed())
    .filter(({ oid }) => oid === '2.5.4.3')
    .map((attribute) => stringOf(attribute) ?? '')
  const lists = certificate.extensions.filter(({ oid }) => oid === extensionOids.subjectAltName)
  const names = lists.length === 1 ? certificate.subjectAltNames : null
  const isOdd = ({ type, bytes }: { type: string; bytes: Uint8Array }): boolean =>
    type === 'dns' && bytes.some((octet) => octet === 0 || octet > 127)
  if (oddNameSpoilsList && names?.some(isOdd)) return { commonNames, subjectAltNames: null }
  return { commonNames, subjectAltNames: names?.filter((name) => !isOdd(name)) ?? null }
}

/** OkHostnameVerifier.VERIFY_AS_IP_ADDRESS. */
const looksLikeAddress = /^(?:[0-9a-fA-F]*:[0-9a-fA-F:.]*|[\d.]+)$/

const isPrintableAscii = (text: string): boolean => /^[!-~]*$/.test(text)

const patternMatches = (host: string, pattern: string, verifier: Verifier): boolean =>
  verifier === 'V1' || verifier === 'V2'
    ? looselyMatches(host, pattern.toLowerCase(), verifier)
    : strictlyMatches(host, pattern.toLowerCase())

/** okhttp@4.4_r1 and @5.1.1_r1: one wildcard anywhere in the first label. */
function looselyMatches(host: string, pattern: string, verifier: 'V1' | 'V2'): boolean {
  if (host === '' || pattern === '') return false
  if (!pattern.includes('*')) return host === pattern
  if (pattern.startsWith('*.')) {
    const parent = pattern.slice(2)
    // V1 forgot to compare the lengths: `*.x.y` matches whatever starts with `x.y`.
    if (verifier === 'V1' ? host.startsWith(parent) : host === parent) return true
  }
  const asterisk = pattern.indexOf('*')
  if (asterisk > pattern.indexOf('.')) return false
  if (!host.startsWith(pattern.slice(0, asterisk))) return false
  const suffix = pattern.slice(asterisk + 1)
  const suffixStart = host.length - suffix.length
  if (host.indexOf('.', asterisk) < suffixStart && !host.endsWith('.clients.google.com')) return false
  return suffixStart >= 0 && host.endsWith(suffix)
}

/** okhttp@6.0.0_r1 and later: the wildcard is the whole first label; absolute and relative names are alike. */
function strictlyMatches(host: string, pattern: string): boolean {
  const isOdd = (name: string): boolean => name === '' || name.startsWith('.') || name.endsWith('..')
  if (isOdd(host) || isOdd(pattern)) return false
  const [absoluteHost, absolutePattern] = [absolute(host), absolute(pattern)]
  if (!absolutePattern.includes('*')) return absoluteHost === absolutePattern
  if (!absolutePattern.startsWith('*.') || absolutePattern.indexOf('*', 1) >= 0) return false
  const suffix = absolutePattern.slice(1)
  if (suffix === '.' || absoluteHost.length < absolutePattern.length || !absoluteHost.endsWith(suffix))
    return false
  const first = absoluteHost.slice(0, -suffix.length)
  return !first.includes('.')
}

const absolute = (name: string): string => (name.endsWith('.') ? name : `${name}.`)
