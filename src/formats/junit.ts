import type { Report } from '../report/schema.js'
import type { Format } from './format.js'
import { cut, type Outcome, outcomesOf, waivedText } from './outcomes.js'
import { stepLines } from './step-lines.js'
import { escaped } from './xml.js'

/**
 * A suite for each farm, a case for each check at each server. Read by Jenkins, Azure DevOps (PublishTestResults@2),
 * GitLab and others; the common ground of their readers is Jenkins' junit XSD. Critical findings and warnings are
 * failures, what could not be looked at is an error: a suite without either is one whose verdict is ok.
 */
export const junit: Format = {
  name: 'junit',
  streams: false,
  async write(_head, reports, _end, sink) {
    const suites: Suite[] = []
    for await (const { report } of reports) suites.push(suiteOf(report, suites.length))
    const sum = (kind: keyof Suite['counts']) => suites.reduce((all, { counts }) => all + counts[kind], 0)
    await sink.write(
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="adfs-check" tests="${sum('tests')}" failures="${sum('failures')}" errors="${sum('errors')}" time="0">
${suites.map(({ xml }) => xml).join('')}</testsuites>
`,
    )
  },
}

interface Suite {
  readonly xml: string
  readonly counts: { tests: number; failures: number; errors: number; skipped: number }
}

function suiteOf(report: Report, index: number): Suite {
  const farm = cut(report.farm.id, 200)
  const counts = { tests: 0, failures: 0, errors: 0, skipped: 0 }
  const cases = outcomesOf(report).map((outcome) => {
    const { kind, body } = judged(outcome, report)
    counts.tests++
    if (kind !== 'passed') counts[kind]++
    const where = outcome.subject === null ? farm : cut(outcome.subject.id, 300)
    // By the id: a title says what is wrong, which a passed test would deny.
    return `  <testcase classname="adfs-check" name="${escaped(`${outcome.check.id} [${where}]`)}" time="0">${body}</testcase>\n`
  })
  // A time zone would be an error to readers of Ant's schema; the time is UTC.
  const timestamp = report.at.replace(/Z$/, '')
  return {
    counts,
    xml: ` <testsuite id="${index}" name="${escaped(farm)}" timestamp="${timestamp}" hostname="localhost" tests="${counts.tests}" failures="${counts.failures}" errors="${counts.errors}" skipped="${counts.skipped}" time="0">
  <properties>
   <property name="verdict" value="${report.verdict}"/>
   <property name="releases" value="${report.policy.releases.join(' ')}"/>
  </properties>
${cases.join('')} </testsuite>
`,
  }
}

type Kind = 'passed' | 'failures' | 'errors' | 'skipped'

function judged({ status, finding, text, waived }: Outcome, report: Report): { kind: Kind; body: string } {
  if (waived)
    return { kind: 'skipped', body: `<skipped>${escaped(`${waivedText(waived)}. ${text}`)}</skipped>` }
  switch (status) {
    case 'pass':
      return { kind: 'passed', body: '' }
    case 'found':
      return finding!.severity === 'info'
        ? { kind: 'passed', body: `<system-out>${escaped(text)}</system-out>` }
        : { kind: 'failures', body: child('failure', text, finding!.severity, steps(report)) }
    case 'error':
      return { kind: 'errors', body: child('error', text, finding!.id, steps(report)) }
    default:
      return { kind: 'skipped', body: `<skipped>${escaped(text)}</skipped>` }
  }
}

const child = (element: 'failure' | 'error', message: string, type: string, more: string): string => {
  const text = escaped(message)
  return `<${element} type="${type}" message="${text}">${text}${more}</${element}>`
}

const steps = (report: Report): string => {
  const lines = stepLines(report)
  return lines.length === 0 ? '' : escaped(`\n\nWhat to do:\n${lines.join('\n')}`)
}
