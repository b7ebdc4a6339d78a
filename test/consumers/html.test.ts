import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, describe, expect } from 'vitest'
import { rendered, scenario } from '../formats/rendered.js'
import { textOf } from '../scenarios/recipe.js'
import { hostileReport } from '../support/hostile-report.js'
import { consumer, fileWith } from './consumer.js'

const program = '/usr/bin/chromium'
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
let browser: Browser | null = null
const started = async (): Promise<Browser> => {
  browser ??= await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
  return browser
}
afterAll(async () => browser?.close())

const pages = [
  ['hostile', async () => rendered('html', await hostileReport())],
  ['farm-of-four-defects', async () => rendered('html', await scenario('farm-of-four-defects'))],
  ['several', async () => rendered('html', await scenario('all-fine'), await scenario('unreachable'))],
  [
    'hostile-text with its case',
    async () => {
      const name = 'hostile-text'
      return rendered('html', { ...(await scenario(name)), caseText: () => textOf(name, 'case.json') })
    },
  ],
] as const

describe.each(pages)('the page of %s in a browser', (name, text) => {
  const url = async () => pathToFileURL(fileWith(`${name}.html`, await text())).href

  for (const colorScheme of ['light', 'dark'] as const)
    consumer('chromium', program)(
      `${colorScheme}: axe finds nothing, nothing is asked for, no script runs, nothing overflows`,
      async () => {
        const context = await (await started()).newContext({
          colorScheme,
          viewport: { width: 400, height: 800 },
        })
        const page = await context.newPage()
        const asked: string[] = []
        const said: string[] = []
        page.on('request', (request) => asked.push(request.url()))
        page.on('console', (message) => said.push(message.text()))
        page.on('dialog', (dialog) => void dialog.dismiss().then(() => said.push('dialog')))
        await page.goto(await url())
        expect(asked).toHaveLength(1)
        expect(said).toEqual([])
        expect(await page.evaluate('document.images.length')).toBe(0)
        const scripts = await page.evaluate('[...document.scripts].map(({ type }) => type)')
        expect(scripts).toEqual(name.endsWith('case') ? ['application/json'] : [])
        // A phone's width: what does not fit must wrap, the picture must shrink; the matrix may be scrolled.
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        await context.close()

        // The page's own policy would keep axe out.
        const open = await (await started()).newContext({ colorScheme, bypassCSP: true })
        const inspected = await open.newPage()
        await inspected.goto(await url())
        await inspected.addScriptTag({ path: axe })
        const { violations } = (await inspected.evaluate('axe.run()')) as {
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
        }
        expect(violations.map(({ id, nodes }) => [id, nodes[0]?.failureSummary, nodes[0]?.html])).toEqual([])
        await open.close()
      },
    )

  consumer('chromium', program)(
    'prints on A4, dark or not in dark ink on white, and a keyboard reaches every detail',
    async () => {
      const context = await (await started()).newContext({ colorScheme: 'dark' })
      const page = await context.newPage()
      await page.goto(await url())
      const details = Number(await page.evaluate('document.querySelectorAll("summary,a,[tabindex]").length'))
      const reached = new Set<string>()
      for (let presses = 0; presses < details; presses++) {
        await page.keyboard.press('Tab')
        reached.add(
          String(
            await page.evaluate(
              '[...document.querySelectorAll("summary,a,[tabindex]")].indexOf(document.activeElement)',
            ),
          ),
        )
      }
      expect(reached.size).toBe(details)
      await page.emulateMedia({ media: 'print' })
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      )
      expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)')
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
      const [, width, height] = /\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/.exec(pdf)!.map(Number)
      expect([Math.round(width!), Math.round(height!)]).toEqual([595, 842])
      await context.close()
    },
  )
})
