import { describe, expect, it } from 'vitest'
import { dataSources } from '../../src/android/data-sources.js'
import { runCli } from '../support/run-cli.js'

async function android(...args: readonly string[]) {
  return runCli(['android', ...args], { now: new Date() })
}

describe('android', () => {
  it('shows which releases count, and the dates of their stores', async () => {
    const { out } = await android()
    expect(out).toMatch(/^9 .* - +137 +- /m)
    expect(out).toMatch(/^13 .*2022-08-15 +yes +129 +- /m)
    expect(out).toMatch(/^14 .*2023-10-04 +yes +134 +2025-12, 2026-06 /m)
    expect(out).toMatch(/^17 .*2026-06 +yes +145 +- /m)
    expect(out).toMatch(/10 and newer, as of 2026-11-24 \(Microsoft Intune/)
  })

  it('--data prints every datum with source and date', async () => {
    const { code, out } = await android('--data')
    expect(code).toBe(0)
    expect(dataSources().length).toBeGreaterThan(25)
    for (const { datum, date, source } of dataSources()) {
      expect(date).toMatch(/^\d{4}-\d\d(-\d\d)?$/)
      expect(source.length).toBeGreaterThan(10)
      expect(out).toContain(datum)
    }
  })

  it('roots --diff lists what came and went', async () => {
    const { code, out } = await android('roots', '--diff', '16..17')
    expect(code).toBe(0)
    expect(out).toMatch(/^- +d7a7a0fb5d7e2731 +2028-12-31 +CN=AAA Certificate Services/m)
    expect(out).toMatch(/^\+ +06c08d7dafd87697 .*TrustAsia TLS RSA/m)
    expect(out).toContain('11 gone, 7 new from Android 16 to 17')
    // 14..17 is the sum of what lies between.
    expect((await android('roots', '--diff', '14..17')).out).toMatch(/^\+ .*D-TRUST BR Root CA 2 2023/m)
  })

  it.each([
    [['roots'], /Say which release/],
    [['roots', '--diff', '17'], /names one release only/],
    [['roots', '--diff', '3..17'], /Releases are/],
  ])('%j is no question', async (args, says) => {
    const { code, err } = await android(...args)
    expect(code).toBe(4)
    expect(err.replace(/\s+/g, ' ')).toMatch(says)
  })
})
