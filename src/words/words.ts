import type { Release } from '../android/releases.js'
import type { SubjectId } from '../farm/subject.js'
import type { Sha256 } from '../x509/identity.js'

/**
 * Text with marks, made once and spoken by every format in its own way. Nothing below `formats/` escapes, shortens or
 * wraps; a command never stands inside a sentence (it is an `Action`).
 */
export type Words = readonly Word[]

export type Word =
  /** Our own text, plain ASCII. */
  | string
  /** A literal to be typed or looked for: an option, a field, a menu label. */
  | { readonly code: string }
  /** Text from the network or from the operator, raw. */
  | { readonly untrusted: string }
  /** A certificate, by its SHA-256; formats call it by its short name in quotes. */
  | { readonly certificate: Sha256 }
  /** `Android 10-17`. */
  | { readonly releases: readonly Release[] }
  /** A server, by its subject's id; formats shorten where one name is checked. */
  | { readonly subject: SubjectId }
  /** A day, UTC. */
  | { readonly date: Date }
  /** `1 certificate`, `3 certificates`. */
  | { readonly count: readonly [number, one: string, many: string] }

/** `a, b and c`: the list as words. */
export function listed(items: readonly Words[]): Words {
  return items.flatMap((item, index) => [
    ...(index === 0 ? [] : [index === items.length - 1 ? ' and ' : ', ']),
    ...item,
  ])
}

/** Words with other words put between: `say\`The server does not send ${x}.\``. */
export function say(strings: TemplateStringsArray, ...values: readonly (Word | Words)[]): Words {
  return strings.flatMap((text, index) => {
    const value = values[index]
    const words: Words = value === undefined ? [] : Array.isArray(value) ? (value as Words) : [value as Word]
    return text === '' ? words : [text, ...words]
  })
}
