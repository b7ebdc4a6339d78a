import { expect, it } from 'vitest'
import { renderJson } from '../../src/report/json.js'
import type { Report } from '../../src/report/report.js'

it('no character that a terminal would obey or hide leaves as it is, and every reader gets the same value', () => {
  const name =
    'a\u0000\u001b[2J\u007f\u009b31m\u00ad\u061c\u200b\u200f\u202e\u2028\u2066\ufeff\u{e0041}\ud800é✓\n\\'
  const text = renderJson([{ [name]: name } as unknown as Report], 'ok')
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  expect(text).toContain('é✓')
  expect(JSON.parse(text)).toEqual({ [name]: name })
})
