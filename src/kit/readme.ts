import type { Step } from '../adfs/actions.js'
import { demanded } from '../adfs/demands.js'
import { byTerminator } from '../adfs/devices.js'
import {
  afterRestart,
  bundleFile,
  byCertlm,
  certutilImports,
  drain,
  intunePage,
  onEachServer,
  psImports,
  scriptHindrances,
  scriptUndoLine,
  whyBothStores,
  withCertutil,
} from '../adfs/recipes/by-hand.js'
import { recipes } from '../adfs/recipes/recipes.js'
import { exportedFile } from '../adfs/recipes/windows.js'
import { chainFileName, type SpeechContext, spoken } from '../adfs/speak.js'
import { onlyWindows } from '../adfs/who.js'
import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { Seen } from '../examine/examination.js'
import { leafOf } from '../examine/presented.js'
import { machineName, placeOf, type Subject } from '../farm/subject.js'
import { codeSpan, commands, day, markdown, minute, type Names } from '../formats/markdown-text.js'
import type { Words } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import { shortName, thumbprintOf } from '../x509/identity.js'
import { certificateFileName } from './file-names.js'
import type { KitInput, Part } from './input.js'
import { files, placesText } from './readme-files.js'

/**
 * The change ticket: what is to be done, by whom, where, how to see that it worked, and how to undo it. It says what the
 * plan says, names only files that are in the kit, and is right also where there are none. Markdown, lines end in `\n`.
 */
export function readme(input: KitInput, parts: readonly Part[], context: SpeechContext): string {
  const { farm, plan, version } = input
  const subjects = new Map(farm.farm.subjects.map((subject) => [subject.id, subject]))
  const names: Names = {
    certificate: (sha256) => {
      const certificate = farm.certificates.get(sha256)
      return certificate ? shortName(certificate.subject) : sha256
    },
    subject: (id) => {
      const subject = subjects.get(id)
      return subject ? (machineName(subject) ?? placeOf(subject)) : id
    },
    releases: releasesText,
  }
  const has = (verb: Step['action']['verb']) => plan.some(({ action }) => action.verb === verb)
  const imports = parts.some(({ intermediates }) => intermediates.length > 0)
  const exports = plan.some(
    (step) => step.action.verb === 'fetch-by-hand' && onlyWindows(step, context) !== null,
  )
  const isTidying = has('tidy') && parts.length === 0 && !has('fetch-by-hand') && !has('reissue')
  const sections = [
    isTidying ? tidyHeading(input) : heading(input),
    presented(input),
    parts.length > 0 ? files(parts, input) : '',
    steps(plan, context, names),
    imports || exports ? byHand(parts) : '',
    imports ? stillOld() : '',
    imports ? withoutScript(input) : '',
    balancers(plan, context),
    ...plan.map(({ action }) => (action.verb === 'reissue' ? request(action, input, names) : '')),
    isTidying ? '' : inOtherWords,
    imports && !has('undo') ? undo : '',
    `Made by adfs-check ${version} from a check at ${minute(farm.at)}.`,
  ]
  return `${paragraphs(...sections)}\n`
}

function heading({ farm, plan }: KitInput): string {
  const target = codeSpan(farm.farm.id)
  const missing =
    plan.some(({ action }) => ['import', 'fetch-by-hand'].includes(action.verb)) ||
    farm.examinations.some(
      (one) => one.kind === 'seen' && one.repairs.some(({ repair }) => repair.add.length > 0),
    )
  const why = missing
    ? `Not every server sent every intermediate certificate. Android apps do not fetch missing ones and refuse to sign in ("...your device is missing a required certificate"); Windows and desktop browsers fetch them, which is why nothing looks wrong there.`
    : 'What the servers sent is not what Android accepts; this page says what is to be changed.'
  return `# Make ${target} send certificates that Android accepts

Checked on ${day(farm.at)}. ${why} Users and phones need no change.

${promise(farm)}`
}

/** Of a kit that has nothing to import. */
const tidyHeading = ({ farm, plan }: KitInput): string =>
  `# Tidy up after the renewal of ${codeSpan(farm.farm.id)}

Checked on ${day(farm.at)}. Nothing has to be imported, and this folder holds no certificate. Intermediates of the old chain may still be in the stores of the
servers below, which no longer need them.${plan.some(({ action }) => action.verb === 'bind') ? ' Not every server sends the new certificate yet: what is to be done there comes first, and the old chain stays there until then.' : ''}`

/** Releases that accept every list after its repair, said only as far as each list's repair was judged. */
function promise({ examinations, releases }: KitInput['farm']): string {
  const seen = examinations.filter((examination): examination is Seen => examination.kind === 'seen')
  const repairs = seen.flatMap((examination) => examination.repairs.map(({ repair }) => repair))
  const afterwards = releases.filter((release) =>
    seen.every((examination) => acceptsAfter(examination, release)),
  )
  if (repairs.length === 0 || afterwards.length === 0)
    return 'No release was found that accepts every server after an import alone.'
  const conditions = repairs.some(({ takesEffect }) => takesEffect.unless.length > 0)
  const doubtful = repairs.some(({ takesEffect }) => !takesEffect.predicted)
  return [
    `After these steps ${releasesText(afterwards)} would accept every server that was looked at: the repaired lists were judged by the same rules.`,
    ...(conditions
      ? ['The promise holds only with all the steps below; the import alone shows no effect.']
      : []),
    ...(doubtful
      ? ['By what is known of Windows it may go on sending another chain; a balancer sends what it is given.']
      : []),
  ].join(' ')
}

function acceptsAfter({ verdicts, repairs }: Seen, release: Release): boolean {
  const own = verdicts.filter((verdict) => verdict.release === release)
  return (
    own.length > 0 &&
    own.every(({ answer, verdict }) => {
      const after = repairs.find((repair) => repair.answer === answer)?.repair.verdictsAfter
      const judged = after?.find((one) => one.release === release) ?? verdict
      return judged.kind === 'accepted'
    })
  )
}

/** Certificates that servers present today, with where: the one that the Intune page starts from. */
function presented({ farm }: KitInput): string {
  const shown = new Map<string, { leaf: Certificate; on: Subject[] }>()
  for (const examination of farm.examinations) {
    if (examination.kind === 'unseen') continue
    for (const { entries } of examination.answers) {
      const leaf = leafOf(entries)
      if (!leaf) continue
      const on = shown.get(leaf.sha256)?.on ?? []
      shown.set(leaf.sha256, {
        leaf,
        on: on.includes(examination.subject) ? on : [...on, examination.subject],
      })
    }
  }
  if (shown.size === 0) return ''
  const rows = [...shown.values()].map(
    ({ leaf, on }) =>
      `- subject: ${codeSpan(leaf.subject.text)}, thumbprint \`${thumbprintOf(leaf)}\`, valid until ${day(leaf.notAfter)}, presented by ${placesText(on, farm)}`,
  )
  return `## The certificate presented

${rows.join('\n')}

Microsoft's Intune page calls it the service communications certificate. That is a setting of its own and may name another
one; what phones see is this.`
}

function steps(plan: readonly Step[], context: SpeechContext, names: Names): string {
  const told = plan
    .flatMap((step) => spoken(step, context))
    .map(({ who, text, lines, expected }, index) =>
      paragraphs(
        `**${index + 1}.** ${markdown(who, names)}: ${markdown(text, names)}.`,
        commands(lines),
        expected ? `${markdown(expected, names)}.` : '',
      ),
    )
  const verbs = plan.map(({ action }) => action.verb)
  const order = verbs.includes('restart') && !verbs.includes('drain') ? own(drain) : ''
  return paragraphs('## Steps', order, ...told)
}

function byHand(parts: readonly Part[]): string {
  const all = parts.flatMap(({ intermediates }) =>
    intermediates.map((certificate) => `${certificateFileName(certificate)}.cer`),
  )
  const named = all.length > 0 ? [...new Set(all)] : [exportedFile]
  const which =
    all.length === 0
      ? `each file that was exported (the step above), in place of ${exportedFile}`
      : parts.length > 1
        ? 'the files of its own folder'
        : 'each file'
  return paragraphs(
    '## Import by hand',
    own(onEachServer(which)),
    commands(psImports(named)),
    own(withCertutil),
    commands(certutilImports(named)),
    all.length > 0 ? own(byCertlm(bundleFile.name)) : '',
    "### As on Microsoft's page *Android device is missing a required certificate*",
    own(intunePage(which)),
    own(whyBothStores),
  )
}

const stillOld = () => paragraphs('## If the old chain is still sent after the restart', own(afterRestart))

const withoutScript = ({ server }: KitInput) =>
  paragraphs(
    '## If the script does not run',
    scriptHindrances(server)
      .map((words) => `- ${own(words)}`)
      .join('\n'),
  )

/** Our own words, which point to nothing. */
const own = (words: Words): string =>
  markdown(words, { certificate: (one) => one, subject: (one) => one, releases: releasesText })

const paragraphs = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('\n\n')

/** Each device in a line, where nobody said which one there is. */
function balancers(plan: readonly Step[], context: SpeechContext): string {
  const files = plan.flatMap((step) =>
    step.action.verb === 'edit-bundle' && byTerminator(step, context).some(({ at }) => at === null)
      ? [chainFileName(plan, step.action.chain)]
      : [],
  )
  const [file] = files
  if (file === undefined) return ''
  const rows = Object.values(recipes).flatMap(({ title, chain, tried, stages }) => {
    if (chain === null) return []
    const { lines } = stages({ file, server: null }).apply
    const after = tried === null ? '' : `; then ${lines.map(codeSpan).join(' and ')}`
    return [`- ${title}: ${own(chain(file))}${after}`]
  })
  return `## Where the chain goes on a balancer

${rows.join('\n')}`
}

/** Ready to be sent: whoever receives it has nothing but this text. */
function request(
  { certificate, demands }: Extract<Step['action'], { verb: 'reissue' }>,
  { farm }: KitInput,
  names: Names,
): string {
  const old = certificate === null ? undefined : farm.certificates.get(certificate)
  const wanted = demands.flatMap((demand) => (demand.kind === 'names' ? demand.names : []))
  const covered = (old?.subjectAltNames ?? []).flatMap(({ type, value }) => (type === 'dns' ? [value] : []))
  const all = [...new Set([...covered, ...wanted])]
  const others = demands.filter(({ kind }) => kind !== 'names')
  return `## Text for the certification authority

> Please issue a TLS server certificate ${old ? `in place of the one with serial number \`${old.serialNumber}\` (subject ${codeSpan(old.subject.text)}, issued by ${codeSpan(old.issuer.text)}, valid until ${day(old.notAfter)})` : ''}.
>
${all.length > 0 ? `> - DNS subject alternative names: ${all.map(codeSpan).join(', ')}\n` : ''}${others.map((demand) => `> - ${markdown(demanded(demand), names)}\n`).join('')}> - extended key usage Server Authentication; key usage Digital Signature
> - with every intermediate certificate up to a root that Android has, including those of Android 10`
}

const inOtherWords = `## In the words of other tools

- DigiCert's checker, which Microsoft's page points to: *Certificate Name Matches* is about the names in the certificate;
  *SSL Certificate is correctly Installed* is red while an intermediate is missing. Both must be green.
- SSL Labs: *Extra download* beside a certificate is this problem; *Sent by server* is right.`

const undo = paragraphs(
  '## Undo',
  commands([scriptUndoLine]),
  'removes what the script added, from the store it used, also after a certificate has expired, and nothing that was there before.',
)
