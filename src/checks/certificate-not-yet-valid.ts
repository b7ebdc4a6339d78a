import { say } from '../words/words.js'
import { type Advice, defineCheck, found } from './check.js'
import { applying, confirming, importing, tidying } from './support/advice.js'
import { called, concerned } from './support/answers.js'
import { whichList } from './support/lists.js'
import { validityCases } from './support/validity.js'

const clock: Advice = { action: { verb: 'look', at: { kind: 'clock' } }, by: 'whoever-checks' }

export const certificateNotYetValid = defineCheck({
  id: 'certificate-not-yet-valid',
  title: 'A certificate is not valid yet',
  sources: ['RFC 5280 §4.1.2.5', 'conscrypt TrustManagerImpl.java@android-16.0.0_r2'],
  rules: ['not-yet-valid'],
  run: (farm) => found(validityCases(farm, 'not-yet-valid', ({ notBefore }, at) => notBefore > at)),
  tell(evidence, told) {
    const { certificate, isNeeded, isLeaf } = evidence
    const fact = say`${whichList(evidence, told)}${called(certificate)} is valid from ${{ date: new Date(evidence.notBefore) }}, after the date of this check (${{ date: told.farm.at }})`
    if (!isNeeded) return say`${fact}. No Android release needs it to reach a root: it changes nothing.`
    const until = isLeaf
      ? 'The previous certificate must stay in service until then, and a day longer for phones with a slow clock.'
      : 'The previous intermediate must stay until then.'
    return say`${fact}; ${concerned(evidence, told)} refuses the server until then. ${until}`
  },
  brief: ({ certificate, notBefore }) =>
    say`${{ certificate: certificate.sha256 }} is valid only from ${{ date: new Date(notBefore) }}`,
  actions({ isLeaf, isNeeded, replacement }, told) {
    if (!isNeeded) return [clock, ...tidying(told)]
    if (isLeaf) return [clock, { action: { verb: 'look', at: { kind: 'bindings' } } }, confirming]
    const previous = replacement && replacement.position === null ? [replacement.sha256] : []
    return [clock, ...importing(previous), ...applying(told)]
  },
})
