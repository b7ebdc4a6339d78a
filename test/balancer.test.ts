import { afterAll, describe, expect, it } from 'vitest'
import { issue } from '../src/demo/authority.js'
import { exitCodes } from '../src/gate/gate.js'
import { choosing } from './support/altering.js'
import { certificateOf } from './support/certificate-of.js'
import { checkPorts, idsOf, kindsOf } from './support/checked.js'
import { tlsServer } from './support/tls-server.js'

/** A balancer in strict turns, one of whose two nodes sends the leaf alone: no number of connections may hide it. */
const name = 'sts.contoso.test'
const root = issue({ subject: 'Root', ca: true })
const ca = issue({ subject: 'Issuing', issuer: root, ca: true })
const leaf = issue({ subject: name, issuer: ca, names: [name] })
const nodes = await Promise.all([tlsServer([leaf, ca]), tlsServer([leaf])])
const closers: (() => Promise<unknown>)[] = nodes.map(({ close }) => close)
afterAll(() => Promise.all(closers.map((close) => close())))

async function balancer(first: 0 | 1): Promise<number> {
  let count: number = first
  const front = await choosing(() => nodes[count++ % 2]!.port)
  closers.push(front.close)
  return front.port
}
const options = { trustAnchors: [certificateOf(root)], offline: true }

describe.each([0, 1] as const)('a strictly alternating balancer, node %d first', (first) => {
  it.each([
    null,
    '10..',
    '17',
    '14',
    '10',
    '9',
    '8..9',
    '4.4',
    'all',
  ])('is never ok, whichever releases count: %s', async (android) => {
    const report = await checkPorts(name, [await balancer(first)], {
      ...options,
      ...(android === null ? {} : { android }),
    })
    expect(exitCodes[report.verdict]).not.toBe(0)
    expect(report.verdict).toBe('critical')
    expect(kindsOf(report)).toContain('refused')
    expect(idsOf(report)).toContain('several-servers-behind-address')
    const [subject] = report.subjects
    expect(subject!.answers.map(({ sent }) => sent.length).sort()).toEqual([1, 2])
    expect(subject!.varying).toHaveLength(2)
  })
})

it('repeated connections meet the other node where the first ones met one', async () => {
  let count = 0
  const front = await choosing(() => nodes[count++ < 4 ? 0 : 1]!.port)
  closers.push(front.close)
  const once = await checkPorts(name, [front.port], options)
  expect(once.verdict).toBe('ok')
  count = 0
  const report = await checkPorts(name, [front.port], { ...options, repeat: 2 })
  expect(report.verdict).toBe('critical')
  expect(report.subjects[0]!.connections).toHaveLength(6)
})
