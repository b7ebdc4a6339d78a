/** A recorded verdict that ours need not meet, and why a device differs from the recording. */
export interface Exception {
  readonly reason: string
  readonly covers: (row: {
    readonly theirs: boolean
    readonly theirReason: string
    readonly ours: 'accepted' | 'refused' | 'depends' | 'undetermined'
    /** Whether ours is the recorded verdict when the clock is set this many milliseconds later. */
    readonly agreesAfter: (milliseconds: number) => boolean
  }) => boolean
}

export const exceptions: readonly Exception[] = [
  {
    reason: 'the clock of the recording ran on; the row lies within a second of a validity boundary',
    covers: ({ agreesAfter }) => agreesAfter(1000),
  },
  {
    reason:
      'the JVM of the recording decoded every certificate before it began; a device decodes those of the path only',
    covers: ({ theirs, theirReason, ours }) =>
      !theirs && ours === 'accepted' && theirReason.startsWith('certificate not parsed'),
  },
]
