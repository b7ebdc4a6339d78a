/** The formats by name: apart from them, so that help and usage errors need not load any. */
export const formatNames = [
  'text',
  'json',
  'ndjson',
  'markdown',
  'junit',
  'sarif',
  'github',
  'azure',
  'gitlab',
  'csv',
  'nagios',
  'prometheus',
  'html',
] as const

export type FormatName = (typeof formatNames)[number]
