/** One armoured block (RFC 7468 §2). */
export interface PemBlock {
  /** Text between `BEGIN` and the dashes, e.g. `CERTIFICATE`. */
  readonly label: string
  /** 1-based line of the BEGIN line. */
  readonly line: number
  /** Null: the text between the lines is not Base64, or there is no END line. */
  readonly bytes: Uint8Array | null
}

const begin = '-----BEGIN '
const dashes = '-----'

/**
 * Text of a file that an editor, certutil or PowerShell wrote: UTF-8, or UTF-16 as Windows redirection writes it,
 * with or without a byte order mark.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if ((first === 0xff && second === 0xfe) || (bytes.length > 1 && second === 0)) {
    return new TextDecoder('utf-16le').decode(bytes)
  }
  // Not TextDecoder, which takes milliseconds to come up; the mark is dropped as it would do.
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
}

/**
 * Every armoured block in order; whatever stands between blocks (bag attributes, comments) is skipped, as RFC 7468 §5.2
 * permits. One pass with `indexOf`: a regular expression would go quadratic on a file of BEGIN lines.
 */
export function readPem(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  let line = 1
  // Looked for once each: asking again from every BEGIN would go quadratic on a file without line ends.
  let lineEnd = endOfLine(text, 0)
  for (let start = text.indexOf(begin); start >= 0; ) {
    for (; lineEnd < start; lineEnd = endOfLine(text, lineEnd + 1)) line++
    const labelStart = start + begin.length
    const labelEnd = text.indexOf(dashes, labelStart)
    // The longest label in use, `RSA PRIVATE KEY` and its like, has about 20 characters.
    if (labelEnd < 0 || labelEnd - labelStart > 64) {
      start = text.indexOf(begin, labelStart)
      continue
    }
    const label = text.slice(labelStart, labelEnd)
    const bodyStart = labelEnd + dashes.length
    const next = text.indexOf(dashes, bodyStart)
    const ended = next >= 0 && text.startsWith(`${dashes}END ${label}${dashes}`, next)
    blocks.push({ label, line, bytes: ended ? decodeBase64(text.slice(bodyStart, next)) : null })
    start = text.indexOf(begin, ended ? next + dashes.length : bodyStart)
  }
  return blocks
}

const endOfLine = (text: string, from: number): number => {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

/** Null where the text is empty or has anything but Base64 and white space in it. */
export function decodeBase64(text: string): Uint8Array | null {
  const compact = text.replace(/\s+/g, '')
  if (compact === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return null
  return Buffer.from(compact, 'base64')
}

/** RFC 7468 §2: 64 characters a line, line feeds, a line feed at the end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `${begin}${label}${dashes}\n${lines.join('\n')}\n${dashes}END ${label}${dashes}\n`
}
