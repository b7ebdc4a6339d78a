import { type Gated, worst } from '../gate/gate.js'
import type { Format, Head, Style } from './format.js'
import { json, ndjson } from './json.js'
import { markdown } from './markdown.js'
import type { FormatName } from './names.js'
import { text } from './text.js'

/** Every format, by the name it is asked for. */
export const formats = { text, json, ndjson, markdown } as const satisfies Record<FormatName, Format>

export { type FormatName, formatNames } from './names.js'

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
