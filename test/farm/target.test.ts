import { describe, expect, it } from 'vitest'
import { formatEndpoint, parseServerAddress, parseTarget } from '../../src/farm/target.js'
import { AdfsCheckFault } from '../../src/fault.js'

describe('parseTarget reads', () => {
  it.each([
    ['a name', 'sts.contoso.com', 'sts.contoso.com', 443],
    ['a name with a port', 'sts.contoso.com:49443', 'sts.contoso.com', 49443],
    ['capitals', 'STS.Contoso.COM', 'sts.contoso.com', 443],
    ['a trailing dot', 'sts.contoso.com.', 'sts.contoso.com', 443],
    ['an https URL with path and query', 'https://sts.contoso.com/adfs/ls/?wa=x#y', 'sts.contoso.com', 443],
    ['an https URL with a port and user', 'HTTPS://me@sts.contoso.com:8443/', 'sts.contoso.com', 8443],
    ['an internationalised name', 'bücher.example', 'xn--bcher-kva.example', 443],
    ['an A-label name', 'xn--bcher-kva.example', 'xn--bcher-kva.example', 443],
    ['an underscore, as Windows hosts have', 'adfs_1.contoso.com', 'adfs_1.contoso.com', 443],
    ['an IPv4 address', '192.0.2.10:444', '192.0.2.10', 444],
    ['a bare IPv6 address', '2001:DB8:0:0:0:0:0:1', '2001:db8::1', 443],
    ['a bracketed IPv6 address with a port', '[2001:db8::1]:444', '2001:db8::1', 444],
    ['an IPv6 URL', 'https://[2001:db8::1]/', '2001:db8::1', 443],
    ['surrounding space', '  sts.contoso.com \n', 'sts.contoso.com', 443],
  ])('%s', (_what, input, name, port) => {
    expect(parseTarget(input)).toMatchObject({ name, port })
  })

  it('shows an internationalised name as people write it', () => {
    expect(parseTarget('xn--bcher-kva.example').displayName).toBe('bücher.example')
  })
})

describe('parseTarget refuses, naming the problem', () => {
  it.each([
    ['an empty text', '', /not a host name/],
    ['another scheme', 'http://sts.contoso.com', /http URL/],
    ['a path without scheme', 'sts.contoso.com/adfs', /neither a name nor/],
    ['port 0', 'sts.contoso.com:0', /from 1 to 65535/],
    ['a port that is no number', 'sts.contoso.com:https', /"https"/],
    ['a port too large', 'sts.contoso.com:70000', /70000/],
    ['an empty label', 'sts..contoso.com', /empty label/],
    ['a label with a space', 'sts contoso.com', /host name/],
    ['a label that starts with a hyphen', '-sts.contoso.com', /-sts/],
    ['an IPv4 address in disguise', '0x7f.1', /127\.0\.0\.1/],
    ['brackets around a name', '[sts.contoso.com]', /not an IPv6/],
    ['an IPv6 address with a port but no brackets', '2001:db8::1:99999', /\[address\]:port/],
    ['a very long text', 'a'.repeat(3000), /longer than/],
    ['a name longer than DNS allows', `${'a.'.repeat(130)}com`, /not a host name/],
  ])('%s', (_what, input, message) => {
    expect(() => parseTarget(input)).toThrow(message)
    expect(() => parseTarget(input)).toThrow(AdfsCheckFault)
  })
})

it.each([
  'user:s3cret@sts.contoso.com',
  'http://user:s3cret@sts.contoso.com/',
  'https://user:s3@cret@sts..contoso.com/',
  `https://user:s3cret@sts.contoso.com/${'a'.repeat(3000)}`,
])('no password is repeated in a message: %.40s', (input) => {
  expect(() => parseTarget(input)).toThrow(/"\S*user:…@/)
  expect(() => parseTarget(input)).not.toThrow(/cret/)
})

it('parseServerAddress keeps "no port" apart from a port', () => {
  expect(parseServerAddress('10.0.0.1')).toEqual({ host: '10.0.0.1', port: null })
  expect(parseServerAddress('[::1]:8443')).toEqual({ host: '::1', port: 8443 })
  expect(parseServerAddress('ADFS01.corp.local')).toEqual({ host: 'adfs01.corp.local', port: null })
})

it('formatEndpoint puts IPv6 in brackets', () => {
  expect(formatEndpoint('2001:db8::1', 443)).toBe('[2001:db8::1]:443')
})
