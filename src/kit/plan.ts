import type { Step } from '../adfs/actions.js'
import { commandLine, environmentOf, shellLine } from '../adfs/commands.js'
import { bundleFile } from '../adfs/recipes/by-hand.js'
import { intermediatesFile } from '../adfs/recipes/recipe.js'
import { scriptName } from '../adfs/recipes/windows.js'
import { chainFileName, hasFolders, here, type SpeechContext } from '../adfs/speak.js'
import { toPem } from '../containers/bundle.js'
import { toPkcs7 } from '../containers/write-pkcs7.js'
import { mendedAs, type Subject, type SubjectId } from '../farm/subject.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued, thumbprintOf } from '../x509/identity.js'
import { certificateFileName, fileNameOf } from './file-names.js'
import { checksumFile, checksums, type Kit, type KitFile } from './files.js'
import { type KitInput, type Part, singles, takes } from './input.js'
import { readme } from './readme.js'
import { installScript } from './script.js'

/**
 * The files of the import kit; the same input gives the same bytes. Null: the plan has nothing that files would help
 * with. Self-issued certificates are left out, whatever the plan says: a root in the intermediate store, or an
 * intermediate among the roots, breaks the trust between proxy and AD FS. Private keys cannot get in: the input has none.
 */
export function kitOf(input: KitInput): Kit | null {
  const verbs = input.plan.map(({ action }) => action.verb)
  if (!verbs.some((verb) => ['import', 'edit-bundle', 'fetch-by-hand', 'reissue', 'tidy'].includes(verb)))
    return null
  const parts = partsOf(input)
  const files = parts.flatMap((part) => filesOf(part, input))
  const all = [
    ...files,
    {
      path: 'README.md',
      contents: Buffer.from(readme(input, parts, speechContext(input)).replaceAll('\n', '\r\n'), 'utf8'),
    },
  ]
  return {
    files: [...all, { path: checksumFile, contents: ascii(checksums(all)) }],
    incomplete: verbs.includes('fetch-by-hand'),
  }
}

/** One part for all machines, or one for each that needs anything. */
function partsOf(input: KitInput): readonly Part[] {
  const { farm, plan } = input
  const certificates = (hashes: readonly string[]): readonly Certificate[] =>
    hashes.flatMap((sha256) => {
      const certificate = farm.certificates.get(sha256)
      return certificate && !isSelfIssued(certificate) ? [certificate] : []
    })
  const machines = new Map<string, Subject[]>()
  for (const subject of farm.farm.subjects) {
    const id = subject.kind === 'file' ? subject.id : subject.node.id
    machines.set(id, [...(machines.get(id) ?? []), subject])
  }
  const parts = [...machines.values()].flatMap((subjects) => {
    const here = plan.filter(({ on }) => subjects.some(({ id }) => on.includes(id)))
    const imports = here.flatMap(({ action }) => (action.verb === 'import' ? action.certificates : []))
    const chains = here.flatMap(({ action }) => (action.verb === 'edit-bundle' ? [action.chain] : []))
    const part = {
      subjects,
      intermediates: certificates([...new Set(imports)]),
      chains: chains.map(certificates).filter((chain) => chain.length > 0),
    }
    return part.intermediates.length + part.chains.length === 0 ? [] : [part]
  })
  if (!hasFolders(speechContext(input)) && parts.length > 0) {
    const once = <T>(items: readonly T[], by: (item: T) => string) => [
      ...new Map(items.map((item) => [by(item), item])).values(),
    ]
    return [
      {
        folder: '',
        subjects: parts.flatMap(({ subjects }) => subjects),
        intermediates: once(
          parts.flatMap(({ intermediates }) => intermediates),
          ({ sha256 }) => sha256,
        ),
        chains: once(
          parts.flatMap(({ chains }) => chains),
          (chain) => chain.map(({ sha256 }) => sha256).join(),
        ),
      },
    ]
  }
  return parts.map((part) => ({ ...part, folder: `${folderName(part.subjects[0]!)}/` }))
}

/** By the name that the operator or DNS calls a machine by; the address keeps two of one name apart. */
function folderName(subject: Subject): string {
  if (subject.kind === 'file') return `file-${subject.digest.slice(0, 8)}`
  const { label, address } = subject.node
  return fileNameOf(label === address ? address : `${label}-${address}`)
}

function filesOf(part: Part, input: KitInput): readonly KitFile[] {
  const { folder, intermediates, chains, subjects } = part
  const files = [
    ...intermediates.flatMap((certificate) => {
      const base = certificateFileName(certificate)
      return [
        { path: `${base}.cer`, contents: certificate.der },
        { path: `${base}.pem`, contents: ascii(toPem(certificate)) },
      ]
    }),
    ...chains.map((chain) => ({
      path: chainFile(input.plan, chain),
      contents: ascii(chain.map(toPem).join('')),
    })),
    ...(takes(part, 'intermediates')
      ? chains.map((chain) => ({
          path: intermediatesFile(chainFile(input.plan, chain)),
          contents: ascii(chain.slice(1).map(toPem).join('')),
        }))
      : []),
    ...(takes(part, 'each')
      ? singles(part).map((certificate) => ({
          path: `${certificateFileName(certificate)}.pem`,
          contents: ascii(toPem(certificate)),
        }))
      : []),
    ...(intermediates.length === 0
      ? []
      : [
          { path: bundleFile.name, contents: toPkcs7(intermediates) },
          { path: scriptName, contents: ascii(installScript) },
          { path: 'certificates.json', contents: ascii(data(intermediates, subjects, input)) },
        ]),
  ]
  // A folder is copied to its machine alone, and there its script looks into its own list.
  const listed = folder === '' ? files : [...files, { path: checksumFile, contents: ascii(checksums(files)) }]
  return listed.map(({ path, contents }) => ({ path: `${folder}${path}`, contents }))
}

const chainFile = (plan: readonly Step[], chain: readonly Certificate[]): string =>
  chainFileName(
    plan,
    chain.map(({ sha256 }) => sha256),
  )

/** What the script reads. ASCII: PowerShell 5.1 takes a file without byte order mark for the system's code page. */
function data(
  intermediates: readonly Certificate[],
  subjects: readonly Subject[],
  { farm, asked }: KitInput,
): string {
  const text = JSON.stringify(
    {
      format: 1,
      certificates: intermediates.map((certificate) => ({
        file: `${certificateFileName(certificate)}.cer`,
        sha256: certificate.sha256,
        thumbprint: thumbprintOf(certificate),
      })),
      checks: [shellLine(commandLine(farm.farm, asked, { subjects })).line],
    },
    null,
    2,
  )
  const escaped = text.replace(
    /[^\n\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${escaped}\n`
}

const ascii = (text: string) => Buffer.from(text, 'latin1')

/** Speech about the plan for readers of the kit: its folder is where they are. */
function speechContext({ farm, plan, asked, server }: KitInput): SpeechContext {
  const subjects = new Map<SubjectId, Subject>(farm.farm.subjects.map((subject) => [subject.id, subject]))
  const imported = new Set(
    plan.flatMap(({ action }) => (action.verb === 'import' ? action.certificates : [])),
  )
  return {
    subject: (id) => {
      const subject = subjects.get(id)
      if (!subject) return undefined
      return subject.kind === 'file'
        ? { kind: 'file', address: null, port: null, role: 'unknown', tlsEndsAt: null }
        : {
            kind: 'served',
            address: subject.node.address,
            port: subject.port,
            role: mendedAs(subject.node),
            node: subject.node.id,
            tlsEndsAt: subject.node.tlsEndsAt,
          }
    },
    certificate: (sha256) => {
      const certificate = farm.certificates.get(sha256)
      return (
        certificate && {
          thumbprint: thumbprintOf(certificate),
          names: (certificate.subjectAltNames ?? []).flatMap(({ type, value }) =>
            type === 'dns' ? [value] : [],
          ),
          file: imported.has(sha256) ? certificateFileName(certificate) : null,
        }
      )
    },
    plan,
    kit: here,
    server,
    environment: environmentOf(asked),
  }
}
