import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { identityOf } from '../../src/formats/baseline.js'
import { farmKey } from '../../src/formats/outcomes.js'
import { type FormatName, render } from '../../src/formats/registry.js'
import { type Gated, gate } from '../../src/gate/gate.js'
import { head, rendered, scenario } from '../formats/rendered.js'
import { hostileReport } from '../support/hostile-report.js'
import { consumer, fileWith, run } from './consumer.js'

/** What each format is read by, on farms of every verdict and on one whose certificates are hostile. */
const farms: readonly (readonly [string, Gated])[] = [
  ['hostile', await hostileReport()],
  ...(await Promise.all(
    ['all-fine', 'farm-of-three', 'leaf-expiring', 'name-unknown', 'unreachable', 'list-too-large'].map(
      async (name) => [name, await scenario(name)] as const,
    ),
  )),
]
const all = farms.map(([, gated]) => gated)
/** Each farm alone, and all in one document. */
const documents = (format: FormatName) =>
  Promise.all([...all.map((gated) => rendered(format, gated)), rendered(format, ...all)])
const schemas = join(import.meta.dirname, '../../fixtures/schemas')

/** A waived case, an expired waiver, a case that is gone and a farm with its place in an inventory. */
async function waivedAndGone(): Promise<string> {
  const { report } = await scenario('leaf-only')
  const [subject] = report.subjects
  const waiver = {
    finding: 'intermediate-missing',
    subject: subject!.id,
    facet: null,
    reason: 'replaced ##vso[task.complete]\u202e',
    owner: 'pki',
  }
  const judged = gate(report, {
    failOn: 'warning',
    waivers: [
      { ...waiver, until: '2099-12-31' },
      { ...waiver, until: '2020-12-31' },
    ],
  })
  const gone = {
    fingerprint: 'a'.repeat(64),
    farm: farmKey(report.farm),
    subject: subject!.id,
    rule: 'weak-key',
    releases: ['14'],
    level: 'error',
  } as const
  const known = {
    ...head,
    baseline: new Map([[identityOf(gone), gone]]),
    listed: new Map([[farmKey(report.farm), { uri: 'farms/adfs-check.yaml', line: 12 }]]),
  }
  return render('sarif', known, [judged], { colour: false, unicode: true, columns: 80, verbose: false })
}

describe('sarif', () => {
  it('is valid by the schema of SARIF 2.1.0', async () => {
    const {
      $schema: _,
      id: __,
      ...schema
    } = JSON.parse(readFileSync(join(schemas, 'sarif-2.1.0-rtm.5.json'), 'utf8'))
    const valid = new Ajv({
      strict: false,
      unicodeRegExp: false,
      allErrors: true,
      formats: {
        uri: (text: string) => URL.canParse(text),
        'uri-reference': (text: string) => /^[!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]*$/.test(text),
        'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
      },
    }).compile(schema)
    for (const text of [...(await documents('sarif')), await waivedAndGone()]) {
      valid(JSON.parse(text))
      expect(valid.errors ?? []).toEqual([])
    }
    expect(valid({ version: '2.1.0', runs: [{}] })).toBe(false)
  })

  it('has waivers as suppressions, what is gone as absent, and the line of the inventory', async () => {
    const [run] = JSON.parse(await waivedAndGone()).runs
    interface Result {
      ruleId: string
      suppressions: unknown[]
      baselineState?: string
      locations: unknown[]
    }
    const results = run.results as Result[]
    expect(results.filter(({ suppressions }) => suppressions.length > 0)).toMatchObject([
      {
        ruleId: 'intermediate-missing',
        kind: 'fail',
        level: 'error',
        baselineState: 'new',
        suppressions: [
          {
            kind: 'external',
            status: 'accepted',
            justification: expect.stringMatching(/^replaced .*\(pki, until 2099-12-31\)$/),
          },
        ],
      },
    ])
    expect(results.filter(({ baselineState }) => baselineState === 'absent')).toMatchObject([
      { ruleId: 'weak-key', partialFingerprints: { 'adfsCheckCase/v1': 'a'.repeat(64) } },
    ])
    for (const { locations } of results)
      expect(locations).toMatchObject([
        {
          physicalLocation: {
            artifactLocation: { uri: 'farms/adfs-check.yaml' },
            region: { startLine: 12 },
          },
        },
      ])
    expect(run.invocations[0].toolExecutionNotifications).toMatchObject([
      { level: 'warning', message: { text: expect.stringContaining('expired on 2020-12-31') } },
    ])
  })

  it('has what GitHub asks for beyond the schema: texts of rules, a place and a stable fingerprint', async () => {
    for (const text of await documents('sarif')) {
      const [run] = JSON.parse(text).runs
      for (const rule of run.tool.driver.rules)
        expect(rule).toMatchObject({
          shortDescription: { text: expect.stringMatching(/./) },
          fullDescription: { text: expect.stringMatching(/./) },
          help: { text: expect.stringContaining(`adfs-check explain ${rule.id}`) },
        })
      for (const result of run.results) {
        expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId)
        expect(result.locations[0].physicalLocation).toMatchObject({ region: { startLine: 1 } })
        if (result.kind === 'fail')
          expect(result.partialFingerprints.primaryLocationLineHash).toMatch(/^[0-9a-f]{16}:1$/)
        else expect(result.level).toBe('none')
      }
    }
  })
})

describe('junit', () => {
  consumer('libxml2-utils', '/usr/bin/xmllint')('is valid by what Jenkins reads', async () => {
    for (const [index, text] of (await documents('junit')).entries())
      run('xmllint', [
        '--noout',
        '--nonet',
        '--schema',
        join(schemas, 'jenkins-junit.xsd'),
        fileWith(`${index}.xml`, text),
      ])
    expect(() =>
      run('xmllint', [
        '--noout',
        '--schema',
        join(schemas, 'jenkins-junit.xsd'),
        fileWith('bad.xml', '<testsuites><a/></testsuites>'),
      ]),
    ).toThrow()
  })

  consumer('python3-junitparser', '/usr/lib/python3/dist-packages/junitparser')(
    'a reader counts what we counted, and gets every message back',
    async () => {
      const script = `
import sys, json, junitparser
xml = junitparser.JUnitXml.fromstring(sys.stdin.buffer.read())
cases = [case for suite in xml for case in suite]
print(json.dumps({
  'tests': len(cases), 'names': len({(case.classname, case.name) for case in cases}),
  'results': [[type(result).__name__, result.message] for case in cases for result in case.result]}))`
      for (const [, gated] of farms) {
        const text = await rendered('junit', gated)
        const read = JSON.parse(run('/usr/bin/python3', ['-c', script], text))
        expect(read.tests).toBe(Number(/tests="(\d+)"/.exec(text)![1]))
        const bad = read.results.filter(([kind]: [string]) => kind === 'Failure' || kind === 'Error')
        expect(bad.length > 0).toBe(gated.report.verdict !== 'ok')
        for (const [, message] of bad) expect(message).toMatch(/^\S/)
      }
    },
  )
})

describe('gitlab', () => {
  /** The fields that GitLab requires of each entry, and its severities (its documentation, Code Quality). */
  const schema = {
    type: 'array',
    items: {
      type: 'object',
      required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
      properties: {
        description: { type: 'string', minLength: 1 },
        check_name: { type: 'string', pattern: '^[a-z-]+$' },
        fingerprint: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
        location: {
          type: 'object',
          required: ['path', 'lines'],
          // Relative, and not begun with ./
          properties: {
            path: { type: 'string', pattern: '^[A-Za-z0-9_%-][^ ]*$' },
            lines: {
              type: 'object',
              required: ['begin'],
              properties: { begin: { type: 'integer', minimum: 1 } },
            },
          },
        },
      },
    },
  }
  it('has what GitLab requires, and no fingerprint twice', async () => {
    const valid = new Ajv({ allErrors: true }).compile(schema)
    for (const [, gated] of farms) {
      const issues = JSON.parse(await rendered('gitlab', gated)) as { fingerprint: string }[]
      valid(issues)
      expect(valid.errors ?? []).toEqual([])
      expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length)
    }
  })
})

describe('prometheus', () => {
  consumer('prometheus', '/usr/bin/promtool')(
    'promtool reads every metric and finds nothing to say',
    async () => {
      for (const text of await documents('prometheus'))
        expect(run('promtool', ['check', 'metrics'], text)).toBe('')
      expect(() => run('promtool', ['check', 'metrics'], 'a{b="c} 1\n')).toThrow()
    },
  )

  consumer('prometheus', '/usr/bin/promtool')(
    'the alert rules are valid and speak of metrics that are there',
    async () => {
      const rules = join(import.meta.dirname, '../../docs/guides/prometheus-rules.yml')
      expect(run('promtool', ['check', 'rules', rules])).toMatch(/SUCCESS: \d+ rules found/)
      const text = await rendered('prometheus', ...all)
      const asked = [
        ...readFileSync(rules, 'utf8').matchAll(/\b((?:adfs_check|probe_ssl|ssl)_[a-z_]+)\b/g),
      ].map(([, name]) => name)
      expect(asked.length).toBeGreaterThan(3)
      for (const name of asked) expect(text).toContain(`# TYPE ${name} gauge`)
      // The rules fire, and are quiet, where they should.
      expect(
        run('promtool', ['test', 'rules', join(import.meta.dirname, 'prometheus-rules.test.yml')]),
      ).toContain('SUCCESS')
    },
  )
})

describe('nagios', () => {
  consumer('libmonitoring-plugin-perl', '/usr/share/perl5/Monitoring/Plugin/Performance.pm')(
    'Monitoring::Plugin reads every item of the performance data, with ranges that alert where we do',
    async () => {
      const script = `
use strict; use warnings; use Monitoring::Plugin::Performance;
local $/; my $text = <STDIN>; my ($line) = split /\\n/, $text; my (undef, $data) = split /\\|/, $line, 2;
for my $item (Monitoring::Plugin::Performance->parse_perfstring($data)) {
  my $status = $item->threshold->get_status($item->value);
  print join(' ', $item->label, $item->value, $status), "\\n";
}`
      for (const [name, gated] of farms) {
        const text = await rendered('nagios', gated)
        const items = run('perl', ['-e', script], text)
          .trim()
          .split('\n')
          .map((line) => line.split(' '))
        const expected = [.../'[^']+'=/g[Symbol.matchAll](text.split('\n')[0]!)].length
        expect(items.length, name).toBe(expected)
        const status = Object.fromEntries(items.map(([label, , code]) => [label, Number(code)]))
        const count = (kind: string) =>
          gated.report.subjects.filter(({ verdicts }) =>
            verdicts.some((row) => row.counts && row.verdict === kind),
          ).length
        expect(status.servers_refused).toBe(count('refused') > 0 ? 2 : 0)
        if (name === 'leaf-expiring') expect(status.days_leaf).toBe(1)
        if (name === 'all-fine') expect(status.days_chain).toBe(0)
        for (const [label] of items) expect(label).toMatch(/^[a-z_]+$/)
      }
    },
  )
})

describe('csv', () => {
  consumer('python3', '/usr/bin/python3')(
    'a reader gets as many cells in every row, and none is a formula',
    async () => {
      const script = 'import csv, json, sys\nprint(json.dumps(list(csv.reader(sys.stdin, strict=True))))'
      for (const [, gated] of farms) {
        const rows = JSON.parse(
          run('/usr/bin/python3', ['-c', script], await rendered('csv', gated)),
        ) as string[][]
        expect(rows.length).toBeGreaterThan(1)
        for (const row of rows) {
          expect(row).toHaveLength(rows[0]!.length)
          for (const cell of row) expect(cell).not.toMatch(/^\s*[=+\-@\t\r]/)
        }
        expect(new Set(rows.slice(1).map((row) => row[0]))).toEqual(new Set([gated.report.farm.id]))
      }
    },
  )
})
