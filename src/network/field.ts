import { AdfsCheckFault } from '../fault.js'

/** What is wrong with one field, which the message names. */
export class Wrong extends Error {
  constructor(path: string, problem: string) {
    super(`${path || 'the file'} ${problem}`)
  }
}

/** One value of the JSON with the way to it, for errors: every read either gives what it says or throws `Wrong`. */
export class Field {
  constructor(
    readonly value: unknown,
    readonly path: string,
  ) {}

  at(name: string): Field {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      throw new Wrong(this.path, 'is no object')
    const { [name]: item } = this.value as Record<string, unknown>
    return new Field(item, this.path === '' ? name : `${this.path}.${name}`)
  }

  each<T>(read: (item: Field) => T): T[] {
    if (!Array.isArray(this.value)) throw new Wrong(this.path, 'is no list')
    return this.value.map((item, index) => read(new Field(item, `${this.path}[${index}]`)))
  }

  orNull<T>(read: (field: Field) => T): T | null {
    return this.value === null || this.value === undefined ? null : read(this)
  }

  text(): string {
    if (typeof this.value !== 'string') throw new Wrong(this.path, 'is no text')
    return this.value
  }

  number(): number {
    if (typeof this.value !== 'number' || !Number.isFinite(this.value))
      throw new Wrong(this.path, 'is no number')
    return this.value
  }

  whole(minimum: number, maximum: number): number {
    const value = this.number()
    if (!Number.isInteger(value) || value < minimum || value > maximum)
      throw new Wrong(this.path, `is no whole number from ${minimum} to ${maximum}`)
    return value
  }

  matching(pattern: RegExp, problem: string): string {
    const text = this.text()
    if (!pattern.test(text)) throw new Wrong(this.path, problem)
    return text
  }

  /** The text, if `read` can make something of it. */
  readBy(read: (text: string) => unknown): string {
    const text = this.text()
    this.readable(() => read(text))
    return text
  }

  /** Says that it is this field that `read` cannot make anything of. */
  readable(read: () => unknown): void {
    try {
      read()
    } catch (error) {
      if (error instanceof AdfsCheckFault) throw new Wrong(this.path, `is not usable: ${error.message}`)
      throw error
    }
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') throw new Wrong(this.path, 'is neither true nor false')
    return this.value
  }

  oneOf<const T extends string>(values: readonly T[]): T {
    const found = values.find((value) => value === this.value)
    if (found === undefined) throw new Wrong(this.path, `is none of ${values.join(', ')}`)
    return found
  }

  date(): Date {
    const date = new Date(this.text())
    if (Number.isNaN(date.getTime())) throw new Wrong(this.path, 'is no date')
    return date
  }

  bytes(): Uint8Array {
    const text = this.at('base64').text()
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Wrong(this.path, 'is no Base64')
    return new Uint8Array(Buffer.from(text, 'base64'))
  }
}
