/**
 * The file of the trust stores, which are half of the program: what is in the package shares it. It is a module, for
 * whoever bundles the library, with a line for each root; the command line reads it as text, in a fifth of the time, and
 * leaves the certificates where they stand.
 */
const head = 'module.exports = JSON.parse(String.raw`'
const rowsHead = ',"anchors":[\n'
const between = ',\n'
const tail = '\n]}`)\n'

interface Stores {
  readonly anchors: readonly (readonly string[])[]
}

export function storesFile({ anchors, ...rest }: Stores): string {
  const rows = anchors.map((row) => JSON.stringify(row)).join(between)
  const text = JSON.stringify(rest).slice(0, -1) + rowsHead + rows
  if (/[`\\]|[^\n\x20-\x7e]/.test(text)) throw new Error('the trust stores hold more than plain text')
  return head + text + tail
}

/** Source of a module that reads the file; `text` is an expression for what is in it. */
export const storesReader = (text: string): string => `
const text = ${text}
const rows = text.indexOf(${JSON.stringify(rowsHead)})
export default {
  ...JSON.parse(text.slice(${head.length}, rows) + '}'),
  anchors: text
    .slice(rows + ${rowsHead.length}, -${tail.length})
    .split(${JSON.stringify(between)})
    .map((row) => row.slice(2, -2).split('","')),
}`
