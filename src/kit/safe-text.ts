import type { Certificate } from '../x509/certificate.js'

/** Device names that Windows reserves in every folder, whatever the extension. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i

/**
 * File name without extension: the subject's common name in ASCII and the first eight digits of the SHA-256. A hostile
 * subject can make it ugly, but not longer than 57 characters, not special to a file system, and not equal to another.
 */
export function fileStem({ subject, sha256 }: Certificate): string {
  const name = (subject.commonNames.at(-1) ?? subject.text)
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
    .replace(/-+$/, '')
  return `${name === '' || reserved.test(name) ? 'certificate' : name}-${sha256.slice(0, 8)}`
}

/** Text for a PowerShell comment: one line of ASCII without any character that ends a comment or starts an expression. */
export const scriptComment = (text: string): string =>
  text.replace(/[^A-Za-z0-9 .,:()=+/*_-]/g, '?').slice(0, 200)

/** A PowerShell string literal, whatever the text: single quotes have only one special character, themselves. */
export const scriptString = (text: string): string =>
  `'${text.replace(/[^\x20-\x7e]/g, '?').replaceAll("'", "''")}'`

/** Text for Markdown: a code span, in which nothing but the closing backtick is special. */
export const markdownCode = (text: string): string => `\`${text.replace(/[`\r\n]/g, "'").slice(0, 400)}\``

/** Common name for people, or the whole subject where there is none. */
export const shortName = ({ subject }: Certificate): string => subject.commonNames.at(-1) ?? subject.text
