import { InvalidArgumentError } from 'commander'
import { type FormatName, formatNames } from '../formats/names.js'

/** `--output junit=report.xml`: a format beside the one on standard output, and its file. */
export interface OutputFile {
  readonly format: FormatName
  readonly file: string
}

/** Collects `--output`; each file once. */
export function outputFile(text: string, previous: readonly OutputFile[] = []): readonly OutputFile[] {
  const [, name, file] = /^([a-z]+)=(.+)$/s.exec(text) ?? []
  const format = formatNames.find((one) => one === name)
  if (!format || file === undefined)
    throw new InvalidArgumentError(`Write it as FORMAT=FILE; formats: ${formatNames.join(', ')}.`)
  if (previous.some((one) => one.file === file)) throw new InvalidArgumentError(`${file} is named twice.`)
  return [...previous, { format, file }]
}
