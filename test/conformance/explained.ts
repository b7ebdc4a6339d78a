import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Disagreement } from './compare.js'

/**
 * Disagreements that are known and why, by file, class, row and release: `fixtures/explained-disagreements.json`. The list
 * is exact in both directions, so that a recorded verdict can be flipped in no row without the build noticing.
 */
export interface ExplainedClass {
  /** Class of findings that the rows belong to. */
  readonly class: string
  readonly why: string
  /** Row id → releases, separated by spaces; `6.0/device` and `6.0/memory`: under that look-up only. */
  readonly rows: Readonly<Record<string, string>>
}

export const explained = JSON.parse(
  readFileSync(new URL('../../fixtures/explained-disagreements.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly ExplainedClass[]>>

const keyOf = ({ id, column, lookup }: Disagreement): string =>
  `${id} ${column}${lookup === 'both' ? '' : `/${lookup}`}`

/** Row and release → class, as far as the file's rows are listed. */
function listed(file: string): Map<string, string> {
  const classes = explained[basename(file)] ?? []
  const entries = classes.flatMap(({ class: name, rows }) =>
    Object.entries(rows).flatMap(([id, columns]) =>
      columns.split(' ').map((column) => [`${id} ${column}`, name] as const),
    ),
  )
  return new Map(entries)
}

/** Which class explains a disagreement; null: none. */
export function explanations(file: string): (disagreement: Disagreement) => string | null {
  const classes = listed(file)
  return (disagreement) => classes.get(keyOf(disagreement)) ?? null
}

/** Listed disagreements that were not met though their row was compared. */
export function staleExplanations(
  file: string,
  comparedIds: ReadonlySet<string>,
  disagreements: readonly Disagreement[],
): string[] {
  const met = new Set(disagreements.map(keyOf))
  return [...listed(file).keys()].filter(
    (key) => !met.has(key) && comparedIds.has(key.slice(0, key.lastIndexOf(' '))),
  )
}
