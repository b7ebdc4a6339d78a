import { issue } from '../../src/demo/authority.js'
import { type Gated, gate } from '../../src/gate/gate.js'
import { check } from '../../src/run/library.js'
import { certificateOf } from './certificate-of.js'
import { tlsServer } from './tls-server.js'

/** What somebody may write into a certificate in the hope that a program obeys it. */
export const hostileTexts = {
  terminal: '\u001b[2J\u001b]0;owned\u0007\u009b31m',
  lines: '\r\nResult: all fine\u2028\u0085',
  github: '\n::error::owned\n::set-output name=a::b',
  azure: '##vso[task.setvariable variable=owned]yes##[error]owned',
  nagios: "| 'owned'=1;2;3",
  quotes: '"\'`\\',
  xml: ']]></failure></testcase><!--',
  html: '<script>owned()</script><img src=x onerror=owned()>&lt;',
  markdown: '[x](javascript:owned()) ![x](https://owned.example/x.png) | a | b',
  formula: '=HYPERLINK("https://owned.example";"x")',
  path: '../../../etc/owned',
  shell: '$(calc);"; Remove-Item C:\\ -Recurse #',
  bidi: '\u202egnp.exe\u2066',
  hidden: '\u200b\u00ad\ufeff\u{e0041}',
} as const

export const hostile = Object.values(hostileTexts).join(' ')

/**
 * The report on a server whose certificates are hostile in every field that takes text, one of them 60 KB long: it sends
 * a leaf, a stranger of the issuer's name, and no issuer.
 */
export async function hostileReport(): Promise<Gated> {
  const subject = (first: string) =>
    [
      ['O', `=${hostile}`],
      ['OU', `@${'A'.repeat(first === '=' ? 60_000 : 10)}${hostile}`],
      ['CN', `${first}1+1 ${hostile}`],
    ] as const
  const issuer = issue({ subject: subject('+'), ca: true, keyName: 'hostile issuer' })
  const leaf = issue({
    subject: subject('='),
    issuer,
    names: ['sts.contoso.com', ...Object.values(hostileTexts).filter((text) => /^[\x00-\x7f]*$/.test(text))],
    caIssuers: [
      `http://127.0.0.1/${hostileTexts.terminal.slice(0, 4)}${hostileTexts.shell}${hostileTexts.nagios}`,
    ],
    keyName: 'hostile leaf',
  })
  const stranger = issue({ subject: subject('+'), ca: true, keyName: 'hostile stranger' })
  const root = issue({ subject: hostile, ca: true, keyName: 'hostile root' })
  const server = await tlsServer([leaf, stranger])
  try {
    const report = await check('sts.contoso.com', {
      servers: [`127.0.0.1:${server.port}`],
      trustAnchors: [certificateOf(root)],
      offline: true,
      timeoutMs: 5_000,
      at: new Date('2026-11-24T08:00:00Z'),
    })
    return gate(report)
  } finally {
    await server.close()
  }
}
