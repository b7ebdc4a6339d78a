import { isIP } from 'node:net'
import { domainToASCII, domainToUnicode } from 'node:url'
import { AdfsCheckFault } from '../fault.js'

/** The name whose servers are checked, as an app would ask for it. */
export interface Target {
  /** A-label form, lower-case, no trailing dot; or an address in canonical text. */
  readonly name: string
  /** The same name for people: U-labels. */
  readonly displayName: string
  readonly port: number
  /** The target is an address literal, so no server name can be sent (RFC 6066 §3). */
  readonly isAddress: boolean
}

/** An address to probe instead of what DNS says; `port` null: the target's. `host` may also be a node's own name. */
export interface ServerAddress {
  readonly host: string
  readonly port: number | null
}

/** Longest presentation form of a domain name (RFC 1035 §2.3.4, without the root dot). */
const maxNameLength = 253
const maxInputLength = 2_048

/**
 * Reads `name`, `name:port`, `address`, `[address]:port` or an https URL. A port in the text wins over `defaultPort`.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET
 */
export function parseTarget(input: string, defaultPort = 443): Target {
  const text = input.trim()
  if (text.length > maxInputLength)
    throw badTarget(`${withoutPassword(text).slice(0, 40)}…`, `is longer than ${maxInputLength} characters`)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'https')
    throw badTarget(input, `is a ${scheme} URL; only https can be checked`)
  if (scheme === undefined && /[/?#@]/.test(text))
    throw badTarget(input, 'is neither a name nor an https URL')
  const authority = scheme === undefined ? text : text.slice('https://'.length).split(/[/?#]/, 1)[0]!
  const { host, port } = splitHostPort(authority.slice(authority.lastIndexOf('@') + 1), input)
  if (ipVersion(host)) {
    const address = canonicalAddress(host)
    return { name: address, displayName: address, port: port ?? defaultPort, isAddress: true }
  }
  const name = asciiName(host, input)
  return { name, displayName: displayForm(name), port: port ?? defaultPort, isAddress: false }
}

/** The target as it may be printed and kept: of a URL only scheme and host, not a user, a password, a path or a query. */
export const printableTarget = (input: string): string =>
  input.trim().replace(/^(https:\/\/)(?:[^/?#]*@)?([^/?#]*).*$/is, '$1$2')

/** @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET */
export function parseServerAddress(input: string): ServerAddress {
  const { host, port } = splitHostPort(input.trim(), input)
  return { host: ipVersion(host) ? canonicalAddress(host) : asciiName(host, input), port }
}

/** @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET */
export function parsePort(text: string, input = text): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535)
    throw badTarget(input, `has the port "${text}"; a port is a number from 1 to 65535`)
  return port
}

/** `address:port` as written in reports and commands, IPv6 in brackets. */
export function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function splitHostPort(text: string, input: string): { host: string; port: number | null } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed) {
    if (ipVersion(bracketed[1]!) !== 6)
      throw badTarget(input, `has "${bracketed[1]}" in brackets, which is not an IPv6 address`)
    return { host: bracketed[1]!, port: bracketed[2] === undefined ? null : parsePort(bracketed[2], input) }
  }
  if (ipVersion(text)) return { host: text, port: null }
  const colon = text.indexOf(':')
  if (colon < 0) return { host: text, port: null }
  if (text.indexOf(':', colon + 1) >= 0)
    throw badTarget(input, 'has several colons; write an IPv6 address with a port as [address]:port')
  return { host: text.slice(0, colon), port: parsePort(text.slice(colon + 1), input) }
}

/**
 * 4, 6 or 0. Node's own test for IPv6 compiles a large expression, which costs a start ten milliseconds; only text with
 * two colons can be IPv6.
 */
export const ipVersion = (host: string) => (/:.*:/s.test(host) || /^[\d.]+$/.test(host) ? isIP(host) : 0)

function asciiName(host: string, input: string): string {
  const name = domainToASCII(host.replace(/[.。．｡]$/u, '')).toLowerCase()
  if (name === '' || name.length > maxNameLength) throw badTarget(input, 'is not a host name')
  // The WHATWG parser turns `0x7f.1` and `2130706433` into addresses; an app would not, so neither do we guess.
  if (ipVersion(name)) throw badTarget(input, `is another way to write ${name}; give that address as it is`)
  const bad = name.split('.').find((label) => !/^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label))
  if (bad !== undefined)
    throw badTarget(input, bad === '' ? 'has an empty label' : `has "${bad}", which no host name can contain`)
  return name
}

/** IPv4 is unchanged, IPv6 is written as in RFC 5952. */
function canonicalAddress(address: string): string {
  if (ipVersion(address) === 4 || address.includes('%')) return address
  return new URL(`https://[${address}]`).hostname.slice(1, -1)
}

function displayForm(name: string): string {
  return domainToUnicode(name) || name
}

/** Without a password before the name, which a list may hold and no log should. */
const withoutPassword = (input: string): string =>
  input.replace(/^(\s*(?:[a-z][a-z0-9+.-]*:\/\/)?[^:/?#@]*):[^/?#]*@/i, '$1:…@')

function badTarget(input: string, problem: string): AdfsCheckFault {
  return new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', `"${withoutPassword(input)}" ${problem}.`, {
    hint: 'Give the federation service name, for example sts.contoso.com, sts.contoso.com:443 or https://sts.contoso.com/.',
  })
}
