/** One comparison; the ratio `oursMs / peerMs` is what counts, since both ran on the same machine in the same minutes. */
export interface BenchRow {
  readonly what: string
  readonly peer: string
  readonly oursMs: number
  readonly peerMs: number
  /** The ratio not to exceed. */
  readonly goal: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function table(rows: readonly BenchRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['what', 'ours, median ms', 'peer', 'peer, median ms', 'ratio', 'goal', '']),
    line(['---', '--:', '---', '--:', '--:', '--:', '---']),
    ...rows.map(({ what, peer, oursMs, peerMs, goal }) =>
      line([
        what,
        oursMs.toFixed(2),
        peer,
        peerMs.toFixed(2),
        (oursMs / peerMs).toFixed(2),
        goal.toFixed(2),
        oursMs / peerMs <= goal ? 'met' : 'MISSED',
      ]),
    ),
  ].join('\n')
}
