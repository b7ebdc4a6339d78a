import { describe, expect, it } from 'vitest'
import { runChecks } from '../../src/checks/registry.js'
import { render } from '../../src/formats/registry.js'
import { compared, isMended, type Standing } from '../../src/gate/changes.js'
import { type GatePolicy, gate } from '../../src/gate/gate.js'
import { merged, readState, stateText } from '../../src/gate/state.js'
import { composeReport } from '../../src/report/compose.js'
import type { Report } from '../../src/report/schema.js'
import { asked as plainlyAsked } from '../adfs/farm.js'
import {
  examinedFarm,
  host,
  inDays,
  makeLeaf,
  now,
  type Server,
  soundPki,
  type World,
} from '../support/examined.js'
import { expectValidReport } from '../support/valid-report.js'

const { root, intermediate, leaf } = soundPki()
const sound: Server = { sent: [leaf, intermediate] }
const broken: Server = { sent: [leaf] }
const renewed: Server = { sent: [makeLeaf(intermediate, { key: 'P-256' }), intermediate] }
const silent: Server = {
  outcome: { kind: 'unreachable', reason: 'refused', detail: 'connect ECONNREFUSED' },
}
const unresolved = { host, reason: 'not-found', detail: 'no such name' } as const

function reportOf(
  servers: readonly Server[],
  world: Partial<World> & { lost?: boolean; policy?: GatePolicy } = {},
) {
  const { lost = false, policy, ...rest } = world
  const examined = examinedFarm({ servers, anchors: [root], releases: '10..', ...rest })
  const whole = lost ? { ...examined, farm: { ...examined.farm, unresolved: [unresolved] } } : examined
  const results = runChecks(whole)
  const asked = { ...plainlyAsked, target: host }
  return gate(composeReport({ examined: whole, results, steps: [], asked, fetches: [] }), policy).report
}

const at = (index: number) => `${host}@203.0.113.${10 + index}:443`
/** `fixed .10`, `new intermediate-missing .10`. */
const told = (before: Standing | null, report: Report): readonly string[] => {
  const { changes } = compared(before, report)
  expectValidReport({ ...report, changes: [...changes] })
  return changes.map(({ kind, subject, name, case: one }) =>
    [kind, one?.finding, subject?.replace(/^.*(\.\d+):443$/, '$1'), name].filter(Boolean).join(' '),
  )
}
const standingAfter = (...reports: readonly Report[]): Standing =>
  reports.reduce<Standing | null>((before, report) => compared(before, report).standing, null)!

describe('between two looks', () => {
  it.each<[string, Server[], Server[], string[]]>([
    ['nothing', [sound, broken], [sound, broken], []],
    ['one is mended', [broken], [sound], ['fixed .10', 'recovered intermediate-missing .10']],
    ['one is broken', [sound], [broken], ['broken .10', 'new intermediate-missing .10']],
    ['one is renewed', [sound], [renewed], ['changed .10']],
    ['one falls silent', [sound], [silent], ['unreachable .10', 'new could-not-connect .10']],
    ['one speaks again', [silent], [sound], ['reachable .10', 'recovered could-not-connect .10']],
    ['one comes', [sound], [sound, sound], ['appeared .11']],
    ['one goes', [sound, broken], [sound], ['gone .11']],
  ])('%s', (_what, before, now, changes) => {
    const telling = told(standingAfter(reportOf(before)), reportOf(now))
    expect(telling.filter((one) => !/servers-differ/.test(one))).toEqual(changes)
  })

  it('several servers behind an address are not told each time another answers', () => {
    const either = { varies: true, lists: [{ sent: sound.sent! }, { sent: renewed.sent! }] }
    const one = standingAfter(reportOf([sound]))
    expect(told(one, reportOf([either]))).toContain('changed .10')
    const known = standingAfter(reportOf([sound]), reportOf([either]))
    for (const look of [sound, renewed, either]) expect(told(known, reportOf([look]))).toEqual([])
    expect(told(standingAfter(reportOf([either]), reportOf([sound])), reportOf([renewed]))).toEqual([])
    expect(told(known, reportOf([broken]))).toContain('broken .10')
  })

  it('at first everything is news that is not well', () => {
    expect(told(null, reportOf([sound]))).toEqual([])
    expect(told(null, reportOf([broken]))).toEqual(['appeared .10', 'new intermediate-missing .10'])
  })

  it('a server that fell silent has not recovered, and is told as mended when it is', () => {
    const standing = standingAfter(reportOf([broken]), reportOf([silent]))
    expect(Object.keys(standing.cases).map((key) => key.split('|')[0])).toEqual([
      'could-not-connect',
      'intermediate-missing',
    ])
    expect(told(standing, reportOf([sound]))).toEqual([
      'reachable .10',
      'recovered could-not-connect .10',
      'recovered intermediate-missing .10',
    ])
  })

  it('a name that leads nowhere takes no server away', () => {
    const standing = standingAfter(reportOf([broken, sound]), reportOf([], { lost: true }))
    expect(Object.keys(standing.subjects)).toEqual([at(0), at(1)])
    expect(told(standingAfter(reportOf([sound])), reportOf([], { lost: true }))).toContain(
      `unreachable ${host}`,
    )
    const back = told(standing, reportOf([broken, sound]))
    expect(back).toContain(`reachable ${host}`)
    expect(back.join()).not.toMatch(/appeared|gone|new intermediate/)
  })

  it('fewer releases that count mend nothing', () => {
    const before = standingAfter(
      reportOf([
        {
          lists: [
            { sent: [leaf], to: '10..16' },
            { sent: [leaf, intermediate], to: '17' },
          ],
        },
      ]),
    )
    const narrow = reportOf([sound], { releases: '17' })
    expect(told(before, narrow).join()).not.toMatch(/fixed|recovered/)
  })

  it('a case that somebody accepts has not recovered; it is new when the waiver has ended', () => {
    const waiver = {
      finding: 'intermediate-missing',
      subject: at(0),
      facet: null,
      reason: 'known',
      owner: 'pki',
      until: '2099-01-01',
    }
    const waived = reportOf([broken], { policy: { failOn: 'warning', waivers: [waiver] } })
    expect(told(standingAfter(reportOf([broken])), waived)).toEqual(['changed .10'])
    expect(told(standingAfter(waived), reportOf([sound]))).toEqual(['fixed .10'])
    expect(told(null, waived)).toEqual([])
    expect(told(standingAfter(waived), reportOf([broken]))).toEqual([
      'changed .10',
      'new intermediate-missing .10',
    ])
  })
})

it('is over when every server is accepted, warnings aside', () => {
  const expiring = makeLeaf(intermediate, { notAfter: inDays(20) })
  expect(isMended(reportOf([sound]))).toBe(true)
  expect(reportOf([{ sent: [expiring, intermediate] }]).verdict).toBe('warning')
  expect(isMended(reportOf([{ sent: [expiring, intermediate] }]))).toBe(true)
  expect(isMended(reportOf([broken]))).toBe(false)
  expect(isMended(reportOf([sound, silent]))).toBe(false)
  const luck = reportOf([broken], { remembered: [intermediate] })
  expect(luck.verdict).toBe('warning')
  expect(isMended(luck)).toBe(false)
})

describe('the file of the last outcome', () => {
  const standing = standingAfter(reportOf([broken, sound]))
  const state = new Map([[host, standing]])

  it('is read as it was written', () => {
    expect(readState(stateText(state), 'state.json')).toEqual(state)
  })

  it.each([
    ['', /is no JSON; it was not touched/],
    ['[]', /is no state/],
    ['{"stateVersion":2,"farms":{}}', /another version/],
    ['{"stateVersion":1,"farms":{"x":{}}}', /does not say how "x" stood/],
    [stateText(state).replace('"refused"', '"constructor"'), /does not say/],
    [stateText(state).replace(/"at":"[^"]+"/, '"at":"yesterday"'), /does not say/],
    [stateText(state).replace('"critical"', '"info"'), /does not say/],
    [stateText(state).slice(0, -10), /is no JSON/],
  ])('%.40s is refused', (text, reason) => {
    expect(() => readState(text, 'state.json')).toThrow(reason)
  })

  it('holds names that objects have themselves', () => {
    const odd = new Map([['__proto__', standing]])
    expect(readState(stateText(odd), 'state.json').get('__proto__')).toEqual(standing)
  })

  it('keeps of two runs at once what both saw, so that the next tells the rest', () => {
    const before = standingAfter(reportOf([sound, sound]))
    const first = standingAfter(reportOf([broken, sound]))
    const second = { ...before, at: '2026-11-23T12:00:01Z' }
    const kept = merged(first, before, second)
    expect(Object.keys(kept.subjects)).toEqual([at(1)])
    expect(told(kept, reportOf([sound, sound]))).toEqual(
      expect.arrayContaining(['appeared .10', 'recovered intermediate-missing .10']),
    )
    expect(merged(before, before, first)).toBe(first)
    expect(merged(undefined, undefined, first)).toBe(first)
  })
})

it('no text of a server or a file reaches the terminal as it is', async () => {
  const hostile = '\u001b[2J\u202eevil'
  const report = reportOf([broken])
  const standing: Standing = {
    ...standingAfter(report),
    subjects: { [`${hostile}@${hostile}`]: { state: 'accepted', answers: [] } },
    cases: { a: { finding: hostile, subject: null, severity: 'warning', releases: [] } },
    unresolved: [hostile],
  }
  const changes = [...compared(standing, report).changes]
  expect(changes.map(({ kind }) => kind)).toEqual(['appeared', 'gone', 'reachable', 'new', 'recovered'])
  const text = await render(
    'text',
    { tool: { name: 'adfs-check', version: '0' }, at: now },
    [{ report: { ...report, changes }, gate: { verdict: 'critical', exitCode: 2 } }],
    { colour: false, unicode: true, columns: 80, verbose: false },
  )
  expect(text).toContain('evil')
  expect(text).not.toMatch(/[\u001b\u202e]/)
})
