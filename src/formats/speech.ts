import type { Step } from '../adfs/actions.js'
import { type Brief, briefly } from '../adfs/brief.js'
import { type SpeechContext, type Spoken, spoken, spokenSubject } from '../adfs/speak.js'
import type { Report } from '../report/schema.js'
import type { Word, Words } from '../words/words.js'
import { machinesOf } from './machines.js'

/** The steps of a report's plan as people are told them, in order. */
export function spokenPlan(report: Report): readonly Spoken[] {
  const context = contextOf(report)
  return context.plan
    .flatMap((step) => spoken(step, context))
    .map((said) => ({ ...said, who: onMachines(said.who, report), text: onMachines(said.text, report) }))
}

/** What is done to a machine is done once, whatever name and port it was found under. */
const onMachines = (words: Words, { subjects }: Report): Words =>
  words.map((word): Word => {
    const node =
      typeof word === 'object' && 'subject' in word
        ? subjects.find(({ id }) => id === word.subject)?.node
        : undefined
    return node === undefined ? word : { code: node }
  })

/** The steps that findings ask for which change something, in few words. */
export function briefPlan(report: Report): readonly Brief[] {
  const serious = new Set(
    report.findings
      .filter(({ severity }) => severity !== 'info')
      .flatMap(({ key, cases }) => [key, ...cases.map((one) => one.key)]),
  )
  const context = contextOf(report)
  const plan = context.plan.filter(({ because }) => because.some((key) => serious.has(key)))
  return briefly(plan, { ...context, servers: machinesOf(report.subjects) })
}

function contextOf(report: Report): SpeechContext {
  return {
    subject: (id) => {
      const subject = report.subjects.find((one) => one.id === id)
      const { said = null, signs = [] } = subject?.tlsEnd ?? {}
      const sendsRoot = signs.some(({ kind }) => kind === 'root-sent')
      return subject && spokenSubject(subject, said, sendsRoot)
    },
    certificate: (sha256) => {
      const certificate = report.certificates[sha256]
      return certificate && { ...certificate, file: null }
    },
    plan: report.plan.steps as unknown as readonly Step[],
    kit: report.kit?.folder ?? null,
    server: null,
    environment: report.network.environment,
  }
}
