import { AdfsCheckFault } from '../fault.js'
import { type CatalogueData, useCatalogue } from './catalogue.js'
import catalogueData from './catalogue-data.json' with { type: 'json' }
import { dataInUse, noteDataInUse, type TrustDataId } from './data-in-use.js'
import { type PublicRootsData, usePublicRoots } from './public-roots.js'
import publicRootsData from './public-roots-data.json' with { type: 'json' }
import { builtInSupported, type Supported, useSupported } from './releases.js'
import { type LogData, useLogs } from './transparency.js'
import transparencyData from './transparency-data.json' with { type: 'json' }
import { type StoreData, useStores } from './trust-store.js'
import storeData from './trust-store-data.js'

/** What is known of the world outside the phones' code and ages faster than this program: a newer file may replace it. */
export interface TrustData {
  readonly supported: Supported
  readonly stores: StoreData
  readonly catalogue: CatalogueData
  readonly publicRoots: PublicRootsData
  readonly logs: LogData
}

/** What the program was built with. */
export const builtIn: TrustData = {
  supported: builtInSupported,
  stores: storeData as StoreData,
  catalogue: catalogueData as CatalogueData,
  publicRoots: publicRootsData as PublicRootsData,
  logs: transparencyData as LogData,
}

/** The date of each part, `YYYY-MM-DD` or `YYYY-MM`. */
export function datesOf(data: TrustData): Readonly<Record<keyof TrustData, string>> {
  const latest = (dates: readonly string[]) => [...dates].sort().at(-1) ?? ''
  return {
    supported: data.supported.asOf,
    stores: latest(data.stores.updates.map(({ update }) => update)),
    catalogue: latest(Object.values(data.catalogue.sources).map(({ read }) => read)),
    publicRoots: latest(data.publicRoots.sources.map(({ read }) => read)),
    logs: data.logs.newestChange,
  }
}

/** Of the newest part. */
export const dateOf = (data: TrustData): string => Object.values(datesOf(data)).sort().at(-1)!

/**
 * From here on every verdict of this process goes by `data`; null: by what the program was built with, for tests.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION where other data is in use: verdicts of one process are to be comparable
 */
export function useTrustData(given: { readonly data: TrustData; readonly id: TrustDataId } | null): void {
  if (given && dataInUse && dataInUse.sha256 !== given.id.sha256)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', 'Two different files of trust data are named.', {
      hint: 'One run goes by one of them; check the farms in two runs.',
    })
  if (given && dataInUse) return
  const { supported, stores, catalogue, publicRoots, logs } = given?.data ?? builtIn
  useSupported(supported)
  useStores(stores)
  useCatalogue(catalogue)
  usePublicRoots(publicRoots)
  useLogs(logs)
  noteDataInUse(given?.id ?? null)
}
