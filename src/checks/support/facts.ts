import { say, type Words } from '../../words/words.js'

/** Extended key usages: RFC 5280 §4.2.1.12, RFC 4556, Microsoft and Netscape. */
const purposes: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'server authentication',
  '1.3.6.1.5.5.7.3.2': 'client authentication',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'e-mail protection',
  '1.3.6.1.5.5.7.3.8': 'time stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP signing',
  '1.3.6.1.5.2.3.5': 'Kerberos domain controller',
  '1.3.6.1.4.1.311.20.2.2': 'smart card logon',
}

/**
 * What the judge noted, for readers: purposes by name, instants to the minute, hashes by their first 8 digits. The whole
 * text stays in the evidence.
 */
export const factText = (details: readonly string[]): string =>
  details
    .filter(Boolean)
    .join('; ')
    .replace(/TLS server \(1\.3\.6\.1\.5\.5\.7\.3\.1\)/g, 'server authentication')
    .replace(/\b[0-2](?:\.\d+){4,}\b/g, (oid) => purposes[oid] ?? oid)
    .replace(/\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z/g, '$1 $2 UTC')
    .replace(/\b([0-9a-f]{8})[0-9a-f]{8,}\b/gi, '$1')

export const factWords = (details: readonly string[]): Words => [{ untrusted: factText(details) }]

/** The same in brackets, after a space; nothing where nothing was noted. */
export const inBrackets = (details: readonly string[]): Words =>
  details.some(Boolean) ? say` (${factWords(details)})` : []
