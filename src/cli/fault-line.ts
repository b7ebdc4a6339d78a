import { version } from '../version.js'

/** One line for a mistake of ours, with the place in the code: what a report of it needs. */
export function faultLine(error: unknown): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const place = error instanceof Error ? (/\n\s+(at .+)/.exec(error.stack ?? '')?.[1] ?? '') : ''
  const text = `${what}${place === '' ? '' : ` (${place})`}`.replace(/\s+/g, ' ')
  return `adfs-check: fault inside adfs-check ${version}, please report it: ${text}\n`
}
