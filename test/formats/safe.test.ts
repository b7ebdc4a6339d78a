import { describe, expect, it } from 'vitest'
import { planOf } from '../../src/adfs/plan.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { formatNames, render } from '../../src/formats/registry.js'
import { gate } from '../../src/gate/gate.js'
import { composeReport } from '../../src/report/compose.js'
import { askedOf } from '../../src/run/options.js'
import { examinedFarm, inDays, makeCa, makeLeaf } from '../support/examined.js'

/** What certificates say can neither move a cursor, nor read backwards, nor become markup, in any format. */
const evil = 'A\u001b[2J\u202e\u009b31m\u2066\u0007`<script>x</script>`\n\n# Heading\n\n[x](http://x) | y'
const root = makeCa(`${evil} Root`)
const ca = makeCa(`${evil} CA`, root, { caIssuers: [`http://x/${evil}`] })
const worlds = [
  { servers: [{ sent: [makeLeaf(ca, { subject: evil })] }], anchors: [root], found: [ca] },
  { servers: [{ sent: [makeLeaf(ca, { subject: evil, names: [evil, 'other'] }), ca] }], anchors: [root] },
  { servers: [{ sent: [makeLeaf(ca, { subject: evil }), ca] }] },
  // Sentences with dates.
  { servers: [{ sent: [makeLeaf(ca, { notAfter: inDays(-1) }), ca] }], anchors: [root] },
  { servers: [{ sent: [makeLeaf(ca)] }, { sent: [makeLeaf(ca), ca, root] }], anchors: [root] },
]

describe.each(formatNames)('%s', (format) => {
  it.each(worlds.map((world, index) => [index, world] as const))('farm %d', async (_, world) => {
    const examined = examinedFarm(world)
    const results = runChecks(examined)
    const asked = askedOf('sts.contoso.com', { servers: [] })
    const steps = planOf(findingsOf(results), examined, asked)
    const gated = gate(composeReport({ examined, results, steps, asked, fetches: [] }))
    expect(gated.gate.verdict).not.toBe('ok')
    for (const verbose of [false, true]) {
      const text = await render(
        format,
        { tool: { name: 'adfs-check', version: '1' }, at: new Date(0) },
        [gated],
        {
          colour: false,
          unicode: true,
          columns: 80,
          verbose,
        },
      )
      // RFC 4180 ends lines with CR LF.
      const plain = format === 'csv' ? text.replaceAll('\r\n', '\n') : text
      expect(plain).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      if (format === 'markdown') {
        expect(text).not.toMatch(/^# Heading/m)
        // Outside code spans nothing of it is left that a page would obey.
        const prose = text.replace(/```[\s\S]*?```/g, '').replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, '')
        expect(prose).not.toMatch(/<script|\[x\]\(/)
      }
    }
  })
})
