import { isAbsolute, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A file as readers of reports take it, who know the working directory. */
export function uriOf(path: string): string {
  const near = relative('.', path)
  if (near.startsWith('..') || isAbsolute(near)) return pathToFileURL(resolve(path)).href
  return encodeURI(near.replaceAll('\\', '/')).replace(/[#:?]/g, encodeURIComponent)
}
