import type { Style } from '../formats/format.js'
import type { Machine, Output } from './machine.js'

export interface StyleOptions {
  /** `--color` or `--no-color`; undefined: decide by the terminal. */
  readonly color?: boolean | undefined
  readonly ascii?: boolean | undefined
}

/** Width when there is no terminal to ask, and the width the output is designed for. */
const defaultColumns = 80
/** Wider lines are tiring to read. */
const maxColumns = 100

/** How text may look on `output`: colours only on a terminal unless asked for, NO_COLOR obeyed (no-color.org). */
export function textStyle(machine: Machine, output: Output, options: StyleOptions): Omit<Style, 'verbose'> {
  const noColor = (machine.env.NO_COLOR ?? '') !== '' || machine.env.TERM === 'dumb'
  const columns = output.isTTY === true ? (output.columns ?? defaultColumns) : defaultColumns
  return {
    colour: options.color ?? (output.isTTY === true && !noColor),
    unicode: options.ascii !== true && understandsUnicode(machine, output),
    columns: Math.max(40, Math.min(columns, maxColumns)),
  }
}

/**
 * A Windows console takes UTF-16 from Node whatever its code page; a Windows pipe is read in the code page of the
 * reader, so ASCII is safe there. Elsewhere the locale says it, in the order POSIX gives its variables.
 */
function understandsUnicode({ env, platform }: Machine, output: Output): boolean {
  if (platform === 'win32') return output.isTTY === true
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}
