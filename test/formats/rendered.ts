import { type FormatName, render } from '../../src/formats/registry.js'
import type { Gated } from '../../src/gate/gate.js'
import { textOf } from '../scenarios/recipe.js'
import { replay } from '../scenarios/render.js'

export const head = {
  tool: { name: 'adfs-check', version: '0.1.0' },
  at: new Date('2026-11-24T08:00:00Z'),
} as const

/** A scenario's case, judged anew. */
export const scenario = (name: string): Promise<Gated> => replay(textOf(name, 'case.json'))

export const rendered = (format: FormatName, ...reports: readonly Gated[]): Promise<string> =>
  render(format, head, reports, { colour: false, unicode: true, columns: 80, verbose: true })
