import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { applying, confirming, importing, removing, renewing, succeeding, tidying } from './support/advice.js'
import { called, concerned } from './support/answers.js'
import { whichList } from './support/lists.js'
import { validityCases } from './support/validity.js'

export const certificateExpired = defineCheck({
  id: 'certificate-expired',
  title: 'A certificate has expired',
  sources: [
    'RFC 5280 §4.1.2.5',
    'conscrypt TrustManagerImpl.java@android-16.0.0_r2 (expired issuers skipped)',
  ],
  rules: ['expired'],
  run: (farm) => found(validityCases(farm, 'expired', ({ notAfter }, at) => notAfter < at)),
  tell(evidence, told) {
    const { certificate, isLeaf, isNeeded, isAcceptedByOthers, replacement } = evidence
    const fact = say`${whichList(evidence, told)}${called(certificate)} expired on ${{ date: new Date(evidence.notAfter) }}`
    if (!isNeeded) return say`${fact}. No Android release needs it to reach a root: it changes nothing.`
    const verb = told.severity === 'warning' ? 'may refuse' : 'refuses'
    const others = isAcceptedByOthers && !isLeaf ? say` Other releases find another way or pass it over.` : []
    const instead =
      replacement === null || isLeaf
        ? []
        : replacement.position !== null
          ? say` ${called(replacement)} is sent too and is valid: the expired one need only go.`
          : replacement.sameIssuer
            ? say` It was renewed, and the server does not send the renewed one.`
            : say` The same authority, certified by another root, is valid: that certificate is missing.`
    return say`${fact}; ${concerned(evidence, told)} ${verb} the server.${others}${instead}`
  },
  brief: ({ certificate, notAfter }) =>
    say`${{ certificate: certificate.sha256 }} expired on ${{ date: new Date(notAfter) }}`,
  actions({ certificate, isLeaf, isNeeded, replacement }, told) {
    if (!isNeeded) return [...removing(told, certificate.sha256), ...tidying(told)]
    if (isLeaf) return [succeeding(told, certificate.sha256), confirming]
    if (replacement === null) return renewing(certificate.sha256, { kind: 'validity' })
    return [
      ...importing(replacement.position === null ? [replacement.sha256] : []),
      ...removing(told, certificate.sha256),
      ...applying(told),
    ]
  },
})
