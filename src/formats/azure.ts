import type { Report } from '../report/schema.js'
import type { Format } from './format.js'
import { annotationsOf } from './github.js'
import { verdictLine } from './outcomes.js'

/** Azure Pipelines' logging commands: an issue for each finding, and how the step ended. */
export const azure: Format = {
  name: 'azure',
  streams: false,
  async write(_head, reports, end, sink) {
    for await (const { report } of reports) {
      for (const { id, level, title, text } of annotationsOf(report))
        await sink.write(
          level === 'notice'
            ? `${title}: ${text}\n`
            : `##vso[task.logissue type=${level};code=${property(id)};]${data(`${title}: ${text}`)}\n`,
        )
      await sink.write(`adfs-check: ${verdictLine(report)} (${report.verdict})\n`)
    }
    const result = results[(await end).verdict]
    await sink.write(`##vso[task.complete result=${result};]adfs-check\n`)
  },
}

const results: Record<Report['verdict'], string> = {
  ok: 'Succeeded',
  warning: 'SucceededWithIssues',
  critical: 'Failed',
  unknown: 'Failed',
}

/** azure-pipelines-task-lib taskcommand.ts: agents of any setting read %AZP25 as a per cent sign, %25 only some. */
const data = (text: string) => text.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string) => data(text).replaceAll(']', '%5D').replaceAll(';', '%3B')
