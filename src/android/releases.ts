/** Android releases with a verdict of their own: those whose trust store or rules differ in AOSP. Oldest first. */
export const releases = [
  '4.4', '5.0', '5.1', '6.0', '7.0', '7.1', '8.0', '8.1', '9', '10', '11', '12', '12L', '13', '14', '15', '16', '17',
] as const

export type Release = (typeof releases)[number]
