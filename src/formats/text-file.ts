import { recipes } from '../adfs/recipes/recipes.js'
import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { Report, SubjectReport } from '../report/schema.js'
import type { Style } from './format.js'
import { wrap } from './terminal-text.js'
import { nameOf, oneLine, placeOf } from './text-words.js'

type File = NonNullable<SubjectReport['file']>

/** What the first screen says of files: that the list is a prediction, and what changes at each live server. */
export function asFiles(report: Report, style: Style): string {
  const files = report.subjects.flatMap(({ file }) => file ?? [])
  if (files.length === 0) return ''
  const unless = [
    ...new Set(files.flatMap((file) => file.unless.map(({ twinOf }) => nameOf(report, twinOf)))),
  ]
  const rests = `As Windows would send it from the file${
    unless.length > 0
      ? `, unless its Trusted Root store holds the self-signed ${unless.map((name) => `"${name}"`).join(', ')}`
      : ''
  }. A prediction: check the servers after the import.`
  const [first] = files
  return [
    ...(style.verbose ? files.map((file) => wrap(inside(file), style.columns, '  ', '    ')) : []),
    wrap(rests, style.columns, '  ', '    '),
    ...(first?.devices?.length ? [wrap(notSoAt(first.devices), style.columns, '  ', '    ')] : []),
    // Under several names a server shows the same.
    ...new Set((first?.against ?? []).map((one) => wrap(changes(report, one), style.columns, '  ', '    '))),
  ].join('\n')
}

const notSoAt = (devices: NonNullable<File['devices']>): string =>
  `Not so at ${devices.map((one) => recipes[one].title).join(' and ')}: it sends the file that it is given, so give it the certificate with its intermediates in order, and import nothing for it.`

function inside({ path, container, safes, mac, keys }: File): string {
  const keyTexts = keys.map(
    ({ kind, fits, problem }) =>
      problem ?? `${kind} key, ${fits.length === 0 ? 'of no certificate in it' : 'fits'}`,
  )
  const ciphers = [
    ...new Set([...safes, ...keys.map(({ cipher }) => cipher)].filter((cipher) => cipher !== null)),
  ]
  return [
    `${oneLine(path)}: ${container}`,
    ...(ciphers.length > 0 ? [`encrypted with ${ciphers.join(', ')}`] : []),
    ...(mac ? [`password proved by ${mac.toUpperCase()}`] : []),
    ...(keyTexts.length > 0 ? keyTexts.map((text) => oneLine(text)) : ['no private key']),
  ].join(', ')
}

/** `203.0.113.10:443: loses certauth.sts.contoso.com; same key; ends 2027-10-20 instead of 2026-12-01` */
function changes(report: Report, one: File['against'][number]): string {
  const place = placeOf(report, one.subject).replace(/^.*@/, '')
  if (!one.seen) return `${place}: shows no certificate to compare with`
  if (one.sameCertificate) return `${place}: serves this very certificate`
  const { names, releases, key, issuer, notAfter } = one
  const list = (word: string, items: readonly string[]) =>
    items.length > 0 ? [`${word} ${items.map((item) => oneLine(item, 60)).join(', ')}`] : []
  return `${place}: ${[
    ...list('loses', names.lost),
    ...list('gains', names.gained),
    ...(releases.lost.length > 0 ? [`loses ${releasesText(releases.lost as Release[])}`] : []),
    ...(releases.gained.length > 0 ? [`gains ${releasesText(releases.gained as Release[])}`] : []),
    key.same ? 'same key' : key.was === key.is ? `new ${key.is} key` : `${key.is} key instead of ${key.was}`,
    ...(issuer.was === issuer.is ? ['same issuer'] : [`issued by ${oneLine(issuer.is, 60)}`]),
    `ends ${notAfter.is.slice(0, 10)} instead of ${notAfter.was?.slice(0, 10)}`,
  ].join('; ')}`
}
