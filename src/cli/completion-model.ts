import type { Command, Option } from 'commander'
import { releases } from '../android/releases.js'
import { formatNames } from '../formats/names.js'

/** A word that can stand somewhere, and what it is, in one line of ASCII. */
export interface Word {
  readonly word: string
  readonly about: string
}

/**
 * What can stand in the place of a value · `keyed`: one of the words, `=`, a file · `open`: anything, so that nothing can be
 * offered.
 */
export type Offer =
  | { readonly kind: 'words' | 'keyed'; readonly words: readonly Word[] }
  | { readonly kind: 'files' | 'folders' | 'open' }

export interface OfferedOption extends Word {
  /** Null: it takes no value. */
  readonly value: Offer | null
}

export interface OfferedCommand {
  /** `''`, `file`, `android roots`. */
  readonly path: string
  readonly commands: readonly Word[]
  /** Short and long names, each on its own. */
  readonly options: readonly OfferedOption[]
  readonly argument: Offer
}

/** The program and all its commands as shells complete them: from the definition that parses them, nothing beside it. */
export function completionModel(program: Command, pages: readonly Word[]): readonly OfferedCommand[] {
  const findings = pages.map(({ word, about }) => ({ word: safe(word), about: line(about) }))
  const visit = (command: Command, path: string): OfferedCommand[] => {
    const commands = command.createHelp().visibleCommands(command)
    const [argument] = command.registeredArguments
    return [
      {
        path,
        commands: commands.map((one) => ({ word: safe(one.name()), about: line(one.description()) })),
        options: command
          .createHelp()
          .visibleOptions(command)
          .flatMap((option) =>
            [option.short, option.long].flatMap((name) =>
              name ? [{ word: safe(name), about: line(option.description), value: takenBy(option) }] : [],
            ),
          ),
        argument: argument
          ? offered(argument.name(), argument.argChoices, findings)
          : { kind: 'words', words: [] },
      },
      ...commands.flatMap((one) => visit(one, `${path} ${one.name()}`.trim())),
    ]
  }
  return visit(program, '')
}

function takenBy(option: Option): Offer | null {
  // `<address[:port]>` has brackets of its own.
  const placeholder = /[<[](.+)[>\]]$/.exec(option.flags)?.[1]
  if (placeholder === undefined) return null
  if (placeholder === 'format=file') return { kind: 'keyed', words: wordsOf(formatNames) }
  if (option.long === '--android') return { kind: 'words', words: wordsOf(['supported', 'all', ...releases]) }
  return offered(placeholder, option.argChoices, [])
}

/** By what --help calls it. */
function offered(name: string, choices: readonly string[] | undefined, findings: readonly Word[]): Offer {
  if (choices) return { kind: 'words', words: wordsOf(choices) }
  if (/^id\b/.test(name)) return { kind: 'words', words: findings }
  if (name === 'release') return { kind: 'words', words: wordsOf(releases) }
  if (/\bfile\b|^case\b/.test(name)) return { kind: 'files' }
  return { kind: /\bfolder\b/.test(name) ? 'folders' : 'open' }
}

const wordsOf = (words: readonly string[]): readonly Word[] =>
  words.map((word) => ({ word: safe(word), about: '' }))

/** Words of ours stand unquoted in four shells. */
function safe(word: string): string {
  if (!/^[A-Za-z0-9.:+-]+$/.test(word)) throw new Error(`"${word}" cannot be completed in every shell`)
  return word
}

/** Without what any of the shells would take apart. */
const line = (text: string): string => text.replace(/["'`$|\\[\]]/g, '').replace(/[^\x20-\x7e]/g, '?')
