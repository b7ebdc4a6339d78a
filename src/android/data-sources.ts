import { catalogue, catalogueSources } from './catalogue.js'
import { programmeSources } from './public-roots.js'
import { factsOf, releases, supported, targetingApi37 } from './releases.js'
import { rootSchedule } from './root-schedule.js'
import { logList } from './transparency.js'
import { rootsIn, storeInfo, storeUpdates } from './trust-store.js'

/** One thing that verdicts or words rest on, where it was read and its date (of the list itself where it has one). */
export interface Datum {
  readonly datum: string
  readonly date: string
  readonly source: string
}

/** Everything that is known of the world outside the phones' code. */
export const dataSources = (): readonly Datum[] => [
  {
    datum: `releases that count by default: Android ${supported.from} and newer`,
    date: supported.asOf,
    source: supported.source,
  },
  ...releases.map((release) => {
    const { roots, source } = storeInfo(release)
    return {
      datum: `store of Android ${release} as shipped: ${roots} roots`,
      date: factsOf(release).released,
      source,
    }
  }),
  ...storeUpdates.map((update) => ({
    datum: `store by Play system update, for Android ${update.reaches.join(', ')}: ${rootsIn(update)} roots`,
    date: update.update,
    source: update.source,
  })),
  ...programmeSources.map(({ programme, source, read }) => ({
    datum: `roots of ${programme}`,
    date: read,
    source,
  })),
  ...Object.entries(catalogueSources).map(([name, { source, read }]) => ({
    datum: `catalogue of public issuers, ${name}: ${catalogue.filter((row) => row.source === name).length} rows`,
    date: read,
    source,
  })),
  {
    datum: `apps that target API 37 by rule of the store: from about ${targetingApi37.from}`,
    date: targetingApi37.read,
    source: targetingApi37.source,
  },
  { datum: 'roots that leave', date: rootSchedule.read, source: rootSchedule.source },
  { datum: 'Certificate Transparency logs', date: logList.newestChange, source: logList.source },
]
