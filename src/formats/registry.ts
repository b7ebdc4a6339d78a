import { type Gated, worst } from '../gate/gate.js'
import type { Format, Head, Style } from './format.js'
import { json, ndjson } from './json.js'
import type { FormatName } from './names.js'
import { text } from './text.js'

/** Every format, by the name it is asked for. */
export const formats = {
  text,
  json,
  ndjson,
  markdown: later('markdown', async () => (await import('./markdown.js')).markdown),
  junit: later('junit', async () => (await import('./junit.js')).junit),
  sarif: later('sarif', async () => (await import('./sarif.js')).sarif),
  github: later('github', async () => (await import('./github.js')).github),
  azure: later('azure', async () => (await import('./azure.js')).azure),
  gitlab: later('gitlab', async () => (await import('./gitlab.js')).gitlab),
  csv: later('csv', async () => (await import('./csv.js')).csv, true),
  nagios: later('nagios', async () => (await import('./nagios.js')).nagios),
  prometheus: later('prometheus', async () => (await import('./prometheus.js')).prometheus),
  html: later('html', async () => (await import('./html.js')).html),
} as const satisfies Record<FormatName, Format>

export { type FormatName, formatNames } from './names.js'

/** A format that is loaded when it is asked for: most runs write text. */
function later(name: string, load: () => Promise<Format>, streams = false): Format {
  return { name, streams, write: async (...all) => (await load()).write(...all) }
}

/** Reports that are all there, as one text. */
export async function render(
  name: FormatName,
  head: Head,
  reports: readonly Gated[],
  style: Style,
): Promise<string> {
  let written = ''
  await formats[name].write(
    head,
    (async function* () {
      yield* reports
    })(),
    Promise.resolve(worst(reports.map(({ gate }) => gate))),
    {
      write: (part) => {
        written += part
      },
    },
    style,
  )
  return written
}
