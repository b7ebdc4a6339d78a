import { escapedJson } from './json.js'

/** A page has to open in a mail program; the case of a larger farm is for --save. */
const maxLength = 8 * 1024 * 1024

/** The case as a block of data, which no browser runs or shows; empty where there is none or it is too long. */
export function caseBlock(text: string | undefined): string {
  if (text === undefined || text.length > maxLength) return ''
  // Nothing in it may end the block.
  const json = escapedJson(JSON.parse(text)).replaceAll('<', '\\u003c')
  return `<script type="application/json" class="adfs-check-case">\n${json}\n</script>\n`
}

/** The cases inside a page; null: the text is no page. */
export const casesOfPage = (text: string): readonly string[] | null =>
  /^\s*<!doctype html/i.test(text)
    ? [...text.matchAll(/<script type="application\/json" class="adfs-check-case">([^<]*)<\/script>/g)].map(
        ([, json]) => json!,
      )
    : null
