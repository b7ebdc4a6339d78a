import { bundleFile } from '../adfs/recipes/by-hand.js'
import { intermediatesFile } from '../adfs/recipes/recipe.js'
import { scriptName } from '../adfs/recipes/windows.js'
import { chainFileName } from '../adfs/speak.js'
import { machineName, placeOf, type Subject } from '../farm/subject.js'
import { codeSpan, day } from '../formats/markdown-text.js'
import type { Certificate } from '../x509/certificate.js'
import { thumbprintOf } from '../x509/identity.js'
import { certificateFileName } from './file-names.js'
import { checksumFile } from './files.js'
import { type KitInput, type Part, singles, takes } from './input.js'

/** The README's list of files: each certificate with all that tells it from others. */
export function files(parts: readonly Part[], input: KitInput): string {
  const lists = parts.map((part) => {
    const title =
      part.folder === '' ? '' : `Folder \`${part.folder}\`, for ${placesText(part.subjects, input.farm)}:\n\n`
    return `${title}${[...part.intermediates.map((one) => fileRow(one, part, input)), ...otherFiles(part, input)].join('\n')}`
  })
  return `## Files

${lists.join('\n\n')}

\`${checksumFile}\` has the checksums of all of them. No root is among them: phones have their own, and an intermediate or
root in the wrong store can break the trust between proxy and AD FS.`
}

function fileRow(certificate: Certificate, { subjects }: Part, { farm, plan }: KitInput): string {
  const found = farm.examinations
    .flatMap((examination) => (examination.kind === 'seen' ? examination.repairs : []))
    .flatMap(({ repair }) => repair.add)
    .find((added) => added.certificate.sha256 === certificate.sha256)
  const imports = plan.filter(
    ({ action }) => action.verb === 'import' && action.certificates.includes(certificate.sha256),
  )
  const on = subjects.filter(({ id }) => imports.some((step) => step.on.includes(id)))
  return [
    `- \`${certificateFileName(certificate)}.cer\` (and \`.pem\`)`,
    `  - subject: ${codeSpan(certificate.subject.text)}`,
    `  - issuer: ${codeSpan(certificate.issuer.text)}`,
    `  - thumbprint \`${thumbprintOf(certificate)}\`, SHA-256 \`${certificate.sha256}\``,
    `  - valid until ${day(certificate.notAfter)}`,
    ...(found ? [`  - found: ${codeSpan(found.from)}`] : []),
    `  - for: ${placesText(on, farm)}`,
  ].join('\n')
}

const otherFiles = (part: Part, { plan }: KitInput): readonly string[] => {
  const { intermediates, chains } = part
  return [
    ...(intermediates.length === 0
      ? []
      : [
          `- \`${bundleFile.name}\`: ${bundleFile.about}`,
          `- \`${scriptName}\`: does it all, from \`certificates.json\`, with \`-WhatIf\`, \`-Remove\` and \`-ComputerName\``,
        ]),
    ...chains.map(
      (chain) =>
        `- \`${chainFileName(
          plan,
          chain.map(({ sha256 }) => sha256),
        )}\`: server certificate and intermediates in order, for whoever ends TLS without Windows (no private key)`,
    ),
    ...(takes(part, 'intermediates')
      ? chains.map(
          (chain) =>
            `- \`${intermediatesFile(
              chainFileName(
                plan,
                chain.map(({ sha256 }) => sha256),
              ),
            )}\`: the same without the server certificate, for devices that want it so`,
        )
      : []),
    ...(takes(part, 'each')
      ? singles(part).map(
          (certificate) =>
            `- \`${certificateFileName(certificate)}.pem\`: ${codeSpan(certificate.subject.text)}, thumbprint \`${thumbprintOf(certificate)}\``,
        )
      : []),
  ]
}

/** Machines that the inventory names by those names, with the port where not all that is asked of one is meant. */
export function placesText(subjects: readonly Subject[], { farm }: KitInput['farm']): string {
  const isWhole = (name: string) =>
    farm.subjects.every((one) => machineName(one) !== name || subjects.some(({ id }) => id === one.id))
  const places = subjects.map((subject) => {
    const name = machineName(subject)
    if (name === null || subject.kind === 'file') return placeOf(subject)
    return isWhole(name) ? name : `${name}:${subject.port}`
  })
  return [...new Set(places)].map(codeSpan).join(', ')
}
