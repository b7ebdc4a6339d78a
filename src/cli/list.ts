import { createReadStream } from 'node:fs'
import { AdfsCheckFault } from '../fault.js'
import { onAbort } from '../network/live/abort.js'
import type { Machine } from './machine.js'

/** A line of a list that names something, or one that is too long to. */
export interface Line {
  /** 1-based. */
  readonly line: number
  /** Without its comment; null: longer than `maxLineLength`. */
  readonly text: string | null
}

/** A URL may have 2,048 characters; as many again for a comment. What is longer is no list of ours. */
const maxLineLength = 4_096

/**
 * The lines of a list that name something, one after the other as they are read: neither a file of any size nor a pipe that
 * never ends is kept. Blank lines and comments (`#` at the beginning or after a space) are skipped. UTF-8, or UTF-16 with
 * its byte order mark, as Windows PowerShell writes it. Ends where the run ends.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE
 */
export async function* linesOf(path: string, machine: Machine): AsyncGenerator<Line> {
  const source = path === '-' ? machine.input?.() : createReadStream(path, { highWaterMark: 64 * 1024 })
  if (!source) throw badList(path, 'cannot be read', 'Name a file: --targets FILE')
  let number = 0
  let rest = ''
  let isTooLong = false
  const lineOf = (end: string): Line | null => {
    number++
    const text = (rest + end).replace(/(^|\s)#.*$/s, '').trim()
    const line = { line: number, text: isTooLong || rest.length + end.length > maxLineLength ? null : text }
    rest = ''
    isTooLong = false
    return line.text === '' ? null : line
  }
  try {
    for await (const text of decoded(untilEnd(source, machine.signal))) {
      const parts = text.split('\n')
      for (const part of parts.slice(0, -1)) {
        const line = lineOf(part)
        if (line) yield line
      }
      rest += parts.at(-1)!
      if (rest.length > maxLineLength) {
        isTooLong = true
        rest = ''
      }
    }
  } catch (cause) {
    const where = number === 0 ? '' : ` beyond line ${number}`
    throw badList(path, `cannot be read${where}`, 'Check the path and its permissions.', cause)
  }
  const last = machine.signal.aborted ? null : lineOf('')
  if (last) yield last
}

/** What a list is called in messages. */
export const listName = (path: string): string => (path === '-' ? 'standard input' : path)

const badList = (path: string, problem: string, hint: string, cause?: unknown) =>
  new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${listName(path)} ${problem}.`, { hint, cause })

async function* decoded(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | null = null
  let head: Uint8Array = new Uint8Array(0)
  for await (const chunk of source) {
    if (decoder) {
      yield decoder.decode(chunk, { stream: true })
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < 2) continue
    decoder = new TextDecoder(encodingOf(head))
    yield decoder.decode(head, { stream: true })
  }
  yield decoder ? decoder.decode() : new TextDecoder().decode(head)
}

const encodingOf = ([first, second]: Uint8Array): string => {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

/** The same bytes until the signal aborts: a pipe that nobody writes to must not keep an ended run. */
async function* untilEnd(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = source[Symbol.asyncIterator]()
  try {
    while (!signal.aborted) {
      let disregard = (): void => {}
      const next = await new Promise<IteratorResult<Uint8Array> | null>((resolve, reject) => {
        disregard = onAbort(signal, () => resolve(null))
        bytes.next().then(resolve, reject)
      }).finally(() => disregard())
      if (next === null || next.done) return
      yield next.value
    }
  } finally {
    void Promise.resolve(bytes.return?.()).catch(() => {})
  }
}
