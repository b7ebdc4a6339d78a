import { releases } from '../../src/android/releases.js'
import type { Report } from '../../src/report/schema.js'
import { certificateOf } from '../support/certificate-of.js'
import { type Minted, mint, nameable } from './certificates.js'
import { type Recipe, rangesOf } from './recipe.js'

/** What a recipe says of its farm, in the words that a report can be put in. */
export type Truth = Required<Pick<Recipe, 'verdict' | 'cause' | 'servers' | 'fix' | 'accepts'>> & {
  readonly about: string | null
  readonly promised: string | null
  readonly also: readonly string[]
}

export const truthOf = ({ verdict, cause, about, servers, fix, accepts, promised, also }: Recipe): Truth => ({
  verdict,
  cause,
  about: about ?? null,
  servers: [...servers].sort(),
  fix,
  accepts,
  promised: promised ?? null,
  also: [...(also ?? [])].sort(),
})

/** Steps that change nothing on a server, or come with every import: looked at only where the recipe names the verb. */
const accompany = new Set([
  'save',
  'confirm',
  'restart',
  'rebind',
  'reboot',
  'edit-bundle',
  'drain',
  'undo',
  'look',
  'run-again',
])

/** The same of a report. `recipe` tells which fields are not looked at because they say nothing of this farm. */
export function toldBy(report: Report, recipe: Recipe): Truth {
  const named = namesBySha256(mint(recipe.farm), recipe)
  const serious = report.findings.filter(({ severity }) => severity !== 'info')
  const [first] = serious
  const place = (id: string) => id.replace(/^.*@/, '')
  const worst = serious.filter(({ severity }) => severity === first?.severity)
  return {
    verdict: report.verdict,
    cause: (first?.id ?? null) as Truth['cause'],
    about: recipe.about === undefined ? null : (named.get(first?.certificate ?? '') ?? null),
    servers: [...new Set(worst.flatMap(({ subjects }) => subjects.map(place)))].sort(),
    fix: report.plan.steps.flatMap(({ action }) => {
      const wanted = recipe.fix.some((verb) => verb.startsWith(`${action.verb} `))
      return accompany.has(action.verb) && !wanted ? [] : [spoken(action, named)]
    }),
    accepts: Object.fromEntries(
      Object.keys(recipe.accepts).map((server) => {
        const subject = report.subjects.find(({ id }) => place(id) === server)
        const rows = subject?.verdicts.filter(({ verdict, counts }) => verdict === 'accepted' && counts) ?? []
        return [
          server,
          rangesOf(
            rows.flatMap((row) => row.releases),
            releases,
          ),
        ]
      }),
    ),
    promised: recipe.promised === undefined ? null : promisedBy(report),
    also: [...new Set(serious.slice(1).map(({ id }) => id))].filter((id) => id !== first?.id).sort(),
  }
}

function namesBySha256(minted: Minted, { farm }: Recipe): ReadonlyMap<string, string> {
  return new Map(nameable(farm).map((name) => [certificateOf(minted(name)).sha256, name]))
}

/** `import issuing policy`, `look bindings`, … */
function spoken(
  action: Report['plan']['steps'][number]['action'],
  named: ReadonlyMap<string, string>,
): string {
  const {
    certificates = [],
    chain = [],
    certificate,
    root,
    twinOf,
    child,
    at,
  } = action as unknown as {
    certificates?: string[]
    chain?: string[]
    certificate?: string | null
    root?: string | null
    twinOf?: string
    child?: string
    at?: { kind: string }
  }
  const about = [...certificates, ...chain, certificate ?? root ?? twinOf ?? child].filter(
    (one) => one !== undefined,
  )
  const words = about.map((sha256) => named.get(sha256!) ?? sha256!.slice(0, 8))
  return [action.verb, ...words, ...(at ? [at.kind] : [])].join(' ')
}

/** Releases that accept every server once all repairs are made. */
function promisedBy(report: Report): string {
  const repaired = report.subjects.filter(({ repairs }) => repairs.length > 0)
  const accepting = releases.filter((release) =>
    repaired.every(({ verdicts, repairs }) =>
      verdicts
        .filter((row) => row.releases.includes(release))
        .every(({ verdict, answer }) => {
          const after = repairs.find((repair) => repair.answer === answer)?.verdictsAfter
          const then = after?.find((row) => row.releases.includes(release))?.verdict
          return (then ?? verdict) === 'accepted'
        }),
    ),
  )
  return rangesOf(
    accepting.filter((release) => report.policy.releases.includes(release)),
    releases,
  )
}
