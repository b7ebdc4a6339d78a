import { type Checked, check } from '../../src/check.js'
import type { Asked } from '../../src/farm/asked.js'
import { render } from '../../src/formats/registry.js'
import { kitOf } from '../../src/kit/plan.js'
import { replaying } from '../../src/network/case.js'
import { readCase } from '../../src/network/read-case.js'
import { version } from '../../src/version.js'
import type { Recipe } from './recipe.js'

export interface Replayed extends Checked {
  readonly asked: Asked
  readonly at: Date
}

/** A case judged anew: no socket, no clock. */
export async function replay(text: string): Promise<Replayed> {
  const { saved, asked, at } = readCase(text, 'case.json')
  const hooks = { concurrency: 1, pause: async () => true }
  return { ...(await check(asked, replaying(saved), at, hooks)), asked, at }
}

/**
 * The goldens of a case by file name. Of a kit its README and SHA256SUMS, which hold every other file: the certificates
 * are in the case, the script in src/kit.
 */
export async function goldens(replayed: Replayed, { verbose = false }: Recipe): Promise<Map<string, string>> {
  const { examined, steps, asked, at } = replayed
  const head = { tool: { name: 'adfs-check', version }, at } as const
  const style = { colour: false, unicode: true, columns: 80, verbose: false }
  const files = new Map([
    ['report.txt', await render('text', head, [replayed], style)],
    ['report.json', await render('json', head, [replayed], style)],
  ])
  if (verbose) files.set('verbose.txt', await render('text', head, [replayed], { ...style, verbose: true }))
  const kit = kitOf({ farm: examined, plan: steps, asked, version, server: null })
  for (const { path, contents } of kit?.files ?? [])
    if (path === 'README.md' || path === 'SHA256SUMS')
      files.set(`kit/${path}`, Buffer.from(contents).toString('utf8').replaceAll('\r\n', '\n'))
  return files
}
