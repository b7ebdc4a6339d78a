import type { Step } from '../adfs/actions.js'
import { type SpeechContext, type Spoken, spoken } from '../adfs/speak.js'
import type { Report } from '../report/schema.js'

/** The steps of a report's plan as people are told them, in order. */
export function spokenPlan(report: Report): readonly (Spoken & { readonly step: Step })[] {
  const plan = report.plan.steps as unknown as readonly Step[]
  const context: SpeechContext = {
    subject: (id) => report.subjects.find((subject) => subject.id === id),
    certificate: (sha256) => {
      const certificate = report.certificates[sha256]
      return certificate && { ...certificate, file: null }
    },
    plan,
    kit: report.kit?.folder ?? null,
    server: null,
    environment: report.network.proxy === null ? [] : ['HTTPS_PROXY'],
  }
  return plan.flatMap((step) => spoken(step, context).map((said) => ({ ...said, step })))
}
