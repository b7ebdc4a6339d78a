import type { Terminator } from '../../farm/subject.js'
import { say, type Words } from '../../words/words.js'
import type { WindowsServer } from '../facts.js'

/** What is done at one node, in this order; another node's turn comes when this one is verified. */
export const stages = ['look', 'save', 'change', 'apply', 'verify', 'undo'] as const
export type Stage = (typeof stages)[number]

/** What somebody does, and what he pastes there. */
export interface Told {
  readonly text: Words
  readonly lines: readonly string[]
}

export interface Given {
  /** The kit's PEM: server certificate first, no root. */
  readonly file: string
  readonly server: WindowsServer | null
}

/** Where the words come from: a page of the maker's, with the date on it or else the day on which it was read. */
export interface Source {
  readonly title: string
  readonly url: string
  readonly date: string
}

/** How one kind of device gets another chain. */
export interface Recipe {
  readonly id: Terminator
  /** As its users call it. */
  readonly title: string
  /** Null: the words are ours, for a device that nobody named. */
  readonly source: Source | null
  /** Version on which our tests follow every line; null: not tried here. */
  readonly tried: string | null
  /** What it takes: the whole chain, the intermediates in one file, or each in a file of its own. */
  readonly takes: 'fullchain' | 'intermediates' | 'each'
  /** In one clause: which setting holds the chain. For Windows null: it has no file, but stores. */
  readonly chain: ((file: string) => Words) | null
  /** Setting that names the file, and the line in which its name is written before the others are pasted. */
  readonly names?: { readonly setting: string; readonly line: string }
  readonly stages: (given: Given) => Readonly<Record<Stage, Told>>
}

export const told = (text: Words, ...lines: readonly string[]): Told => ({ text, lines })

/**
 * Everything in a PEM file but its certificates stays: keys, parameters. Nothing is written where the new file is not at
 * hand: whoever pastes in the wrong folder loses nothing.
 */
export const chainInto = (file: string, saved: string, path: string): string =>
  `test -s ${file} && { cat ${file}; sed '/BEGIN CERTIFICATE/,/END CERTIFICATE/d' ${saved}; } > ${path}`

/** The kit's file without the server certificate. */
export const intermediatesFile = (file: string): string => file.replace('fullchain', 'intermediates')

/** Said beside what nobody here could try. */
export function origin({ source, tried }: Recipe): Words {
  if (source === null) return ['Not tried here']
  const page = say`${source.title} (${source.date}), ${{ code: source.url }}`
  return tried === null ? say`Not tried here. From: ${page}` : say`Tried on ${tried}. See: ${page}`
}
