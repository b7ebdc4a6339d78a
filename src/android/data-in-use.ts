/** Which data a run goes by, where it is not the program's own. */
export interface TrustDataId {
  /** Of the file's bytes, lower-case hex. */
  readonly sha256: string
  /** Of the newest thing in it, `YYYY-MM-DD` or `YYYY-MM`. */
  readonly date: string
}

/** Null: what the program was built with. */
export let dataInUse: TrustDataId | null = null

/** For `useTrustData` only. */
export function noteDataInUse(id: TrustDataId | null): void {
  dataInUse = id
}
