import { say, type Words } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing, renewing } from './support/advice.js'
import { called, concerned } from './support/answers.js'
import { factWords } from './support/facts.js'
import { whichList } from './support/lists.js'
import { refusalCases, refusing } from './support/refusals.js'

const rules = ['key-usage', 'tls-key-usage'] as const

export const unsuitableKeyUsage = defineCheck({
  id: 'unsuitable-key-usage',
  title: 'The key usage of a certificate forbids what it is used for',
  sources: [
    'RFC 5280 §4.2.1.3',
    'RFC 8446 §4.4.2.2',
    'boringssl ssl/ssl_cert.cc, handshake_client.cc, tls13_both.cc@android-14.0.0_r1',
  ],
  rules,
  run: (farm) => found(refusalCases(farm, rules)),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}The key usage of ${evidence.certificate ? called(evidence.certificate) : 'a certificate'} does not fit (${lacking(evidence.details)}); ${concerned(evidence, told)} ${refusing(evidence)} the server.`,
  actions: ({ certificate }) =>
    certificate === null || certificate.position === 0
      ? [reissuing(certificate?.sha256 ?? null, { kind: 'key-usage' }), confirming]
      : renewing(certificate.sha256, { kind: 'may-sign' }),
})

/** The certificate was named already. */
const lacking = (details: readonly string[]): Words =>
  factWords([
    ...new Set(
      details.map((detail) =>
        detail.replace(/ is missing in .*$/s, ' is missing').replace(/^".*" lacks /s, 'it lacks '),
      ),
    ),
  ])
