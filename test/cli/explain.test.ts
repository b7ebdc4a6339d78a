import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { runCli } from '../support/run-cli.js'

const folder = fileURLToPath(new URL('../../docs/checks/', import.meta.url))
const ids = readdirSync(folder).map((file) => file.replace(/\.md$/, ''))

async function cli(args: readonly string[], machine: Partial<Machine> = {}) {
  return runCli(args, { now: new Date('2026-11-24T12:00:00Z'), ...machine })
}

const explain = (...words: string[]) => cli(['explain', ...words])
const idOf = (page: string) => page.split(':', 1)[0]

describe('explain', () => {
  it('alone lists every page within 80 columns', async () => {
    const { code, out } = await explain()
    expect(code).toBe(0)
    expect(out.split('\n').flatMap((line) => /^[a-z][a-z-]+(?= {2})/.exec(line) ?? [])).toEqual(ids.sort())
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it.each(ids)('%s is rendered for the terminal: its id first, wrapped, no markup', async (id) => {
    const { code, out } = await explain(id)
    expect(code).toBe(0)
    expect(idOf(out)).toBe(id)
    expect(out).not.toMatch(/\*\*|`|^#|^\||\]\(/m)
    const page = readFileSync(`${folder}${id}.md`, 'utf8')
    const verbatim = [...page.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, lines]) =>
      lines!.trimEnd().split('\n'),
    )
    // Code is as it is, from column 0.
    for (const line of verbatim) expect(`\n${out}`).toContain(`\n${line}\n`)
    for (const line of out.split('\n'))
      if (!verbatim.includes(line)) expect(line.length, line).toBeLessThanOrEqual(80)
    // Nothing but marks is lost.
    const words = (text: string) => text.match(/[A-Za-z0-9]{3,}/g) ?? []
    const shown = new Set(words(out))
    const prose = page
      .replace(/^```\w*$/gm, '')
      .replace(/^\|.*\|\n\|[-|]+\|$/gm, '')
      .replace(/\]\([^)]*\)/g, '')
    expect(words(prose).filter((word) => !shown.has(word))).toEqual([])
  })

  it('knows what Microsoft says where an issuer does not fit', async () => {
    const said =
      "AADSTS50107: The requested federation realm object 'http://fabrikam.com/adfs/services/trust/' does not exist."
    expect(idOf((await explain(said)).out)).toBe('multiple-domains')
  })

  it('gives ASCII to a terminal without UTF-8, and a narrow page to a narrow one', async () => {
    const { out } = await cli(['explain', 'intermediate-missing'], { env: {} })
    expect(out).toMatch(/^[\n\x20-\x7e]*$/)
    let narrow = ''
    const screen = { isTTY: true, columns: 50, write: (text: string) => (narrow += text) }
    await cli(['explain', 'sni-required'], { out: screen })
    expect(narrow.split('\n').filter((line) => line.startsWith('  ') && line.length > 50)).toEqual([])
  })
})

/** What people paste, and the page that it means. */
const texts: Record<string, string> = {
  // Logs of MSAL and ADAL, which the Intune app and Authenticator keep.
  ERROR_FAILED_SSL_HANDSHAKE: 'intermediate-missing',
  'E BasicWebViewClient: ERROR_FAILED_SSL_HANDSHAKE:2026-11-20 14:22:24-0f1e-Received ssl error ver:8.1.1':
    'intermediate-missing',
  'You cannot sign in because your device is missing a required certificate': 'intermediate-missing',
  "You can't sign in because your device is missing a required certificate.": 'intermediate-missing',
  'You can\u2019t sign in because your device is missing a required certificate': 'intermediate-missing',
  'Android device is missing a required certificate': 'intermediate-missing',
  'The device might be missing the required security certificates for this server': 'intermediate-missing',
  'Trust anchor for certification path not found': 'intermediate-missing',
  'javax.net.ssl.SSLHandshakeException: java.security.cert.CertPathValidatorException: Trust anchor for certification path not found.':
    'intermediate-missing',
  'Code:-11': 'intermediate-missing',
  'Code:-11 primary error: 3 certificate: Issued to: CN=sts.contoso.com': 'intermediate-missing',
  'Extra download': 'intermediate-missing',
  'extra download': 'intermediate-missing',
  'SSL Labs: "Extra download"': 'intermediate-missing',
  'Certificate Name Matches': 'intermediate-missing',
  'SSL Certificate is correctly Installed': 'intermediate-missing',
  'TLS Certificate is not trusted': 'intermediate-missing',
  CertPathValidatorException: 'intermediate-missing',
  SSLHandshakeException: 'intermediate-missing',
  "This server's certificate chain is incomplete. Grade capped to B.": 'intermediate-missing',
  'Chain of trust               NOT ok (chain incomplete)': 'intermediate-missing',
  'verify error:num=20:unable to get local issuer certificate': 'intermediate-missing',
  'Verify return code: 21 (unable to verify the first certificate)': 'intermediate-missing',
  'Error: UNABLE_TO_VERIFY_LEAF_SIGNATURE': 'intermediate-missing',
  'x509: certificate signed by unknown authority': 'intermediate-missing',
  ERR_CERT_AUTHORITY_INVALID: 'anchor-unknown-to-android',
  'net::ERR_CERT_AUTHORITY_INVALID': 'anchor-unknown-to-android',
  'Path does not chain with any of the trust anchors': 'anchor-unknown-to-android',
  'verify error:num=19:self-signed certificate in certificate chain': 'anchor-unknown-to-android',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed-certificate',
  'net::ERR_CERT_DATE_INVALID': 'certificate-expired',
  'java.security.cert.CertPathValidatorException: timestamp check failed': 'certificate-expired',
  CertificateNotYetValidException: 'certificate-not-yet-valid',
  'Hostname sts.contoso.com not verified:': 'hostname-not-covered',
  'net::ERR_CERT_COMMON_NAME_INVALID': 'hostname-not-covered',
  ERR_TLS_CERT_ALTNAME_INVALID: 'hostname-not-covered',
  'RSA modulus is < 1024 bits': 'weak-key',
  'Signature uses an insecure hash function: 1.2.840.113549.1.1.5': 'weak-signature',
  'End-entity certificate does not have a valid extendedKeyUsage.': 'unsuitable-extended-key-usage',
  ERR_SSL_VERSION_OR_CIPHER_MISMATCH: 'handshake-refused-to-release',
  'error:1000042e:SSL routines:OPENSSL_internal:TLSV1_ALERT_PROTOCOL_VERSION': 'handshake-refused-to-release',
  'java.net.UnknownHostException: Unable to resolve host': 'could-not-connect',
  'net::ERR_BAD_SSL_CLIENT_AUTH_CERT': 'client-certificate-demanded',
}

describe('explain finds the page', () => {
  it.each(Object.entries(texts))('by the error text %s', async (text, id) => {
    const { code, out } = await explain(text)
    expect(idOf(out)).toBe(id)
    expect(code).toBe(0)
    // Without quotes around it, as words.
    expect((await explain(...text.split(/ +/).filter((word) => !word.startsWith('-')))).code).toBe(0)
  })

  it.each([
    'INTERMEDIATE-MISSING',
    '[intermediate-missing]',
    '`Intermediate-Missing`:',
    'intermediate missing',
    'The server does not send every intermediate certificate',
    '  critical  The server does not send every intermediate certificate  [intermediate-missing]',
  ])('by the name %j', async (name) => expect(idOf((await explain(name)).out)).toBe('intermediate-missing'))
})

/** Sentences of the same world that say nothing of a finding: 20 beginnings by 10 ends. */
const beginnings = [
  'The certificate',
  'A missing certificate',
  'Our intermediate manager',
  'The server',
  'The device of my colleague',
  'An expired parking certificate',
  'The weak signature on the contract',
  'Every Android phone here',
  'The required form',
  'The chain of command',
  'Trust',
  'My anchor',
  'The extra coffee',
  'A path through the woods',
  'Error handling',
  'The host of the party',
  'Nobody in the key club',
  'The unknown author',
  'Signing in at the front desk',
  'The root vegetable',
]
const ends = [
  'is not found where it was left yesterday.',
  'is missing since the last meeting in the office.',
  'was sent to the wrong address and came back.',
  'has expired, but nobody noticed.',
  'cannot be trusted with a download of this size.',
  'is not valid for more than one person.',
  'has to be renewed before the end of the year.',
  'does not match the picture on the name plate.',
  'asks for a code with eleven digits, not 11.',
  'was installed correctly, said the man from support.',
]
const unrelated = beginnings.flatMap((beginning) => ends.map((end) => `${beginning} ${end}`))

describe('explain does not guess', () => {
  it('at 200 sentences that share only words with the pages', async () => {
    expect(new Set(unrelated).size).toBe(200)
    for (const sentence of unrelated) {
      const { code, out, err } = await explain(sentence)
      expect(code, sentence).toBe(4)
      expect(out).toBe('')
      // One plain line without any id.
      expect(err).toMatch(/^adfs-check: [^\n]+\n$/)
      expect(ids.filter((id) => err.includes(id))).toEqual([])
    }
  })

  it.each([
    'certificate',
    'missing',
    'expired',
    'nosuch',
    'Android 12',
    'certificate missing',
    'download',
  ])('at %s', async (word) => {
    const { code, err } = await explain(word)
    expect(code).toBe(4)
    expect(ids.filter((id) => err.includes(id))).toEqual([])
  })

  it.each([
    ['intermediat-missing', 'intermediate-missing'],
    ['Weak-Kye', 'weak-key'],
    ['hostname_not_coverd', 'hostname-not-covered'],
  ])('but asks whether the slip %s was meant', async (slip, id) => {
    const { code, err } = await explain(slip)
    expect(code).toBe(4)
    expect(err).toContain(`Did you mean ${id}`)
  })
})

describe('a slip in a command', () => {
  it.each([
    ['expain', 'explain'],
    ['dmeo', 'demo'],
    ['repaly', 'replay'],
    ['Androd', 'android'],
  ])('%s is no name to look up', async (slip, command) => {
    const { code, out, err } = await cli([slip, 'weak-key'])
    expect(code).toBe(4)
    expect(out).toBe('')
    expect(err).toContain(`the command ${command}`)
    expect(err).toContain(`adfs-check -- ${slip}`)
  })

  it.each([['--', 'dmeo'], ['demo.invalid']])('but %s %s is a name', async (...args) => {
    const { err } = await cli(['--timeout', '0.1', '--server', '127.0.0.1:1', '--no-proxy', ...args])
    expect(err).not.toContain('the command')
  })
})
