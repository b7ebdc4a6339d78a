import { expect, it } from 'vitest'
import { releasesText } from '../../src/android/releases-text.js'
import { inAscii, neutralised, wrap } from '../../src/formats/terminal-text.js'

it('neutralises control characters, escape sequences and bidi marks wherever they hide', () => {
  const hostile = { name: 'a\x1b[2Jb\u202egnp.exe', list: ['\x07\r'], nested: { '\x00key': '\u2066x' } }
  const text = JSON.stringify(neutralised(hostile))
  expect(text).toBe(
    JSON.stringify({
      name: 'a\\u{1b}[2Jb\\u{202e}gnp.exe',
      list: ['\\u{7}\\u{d}'],
      nested: { '\\u{0}key': '\\u{2066}x' },
    }),
  )
})

it('keeps ordinary text of any script', () => {
  expect(neutralised('Bücher 証明書 ✓')).toBe('Bücher 証明書 ✓')
})

it('writes ASCII where the terminal is not UTF-8', () => {
  expect(inAscii('✓ Bücher – …')).toBe('+ B\\u{fc}cher - ...')
})

it('wraps at the width, hanging lines indented', () => {
  expect(wrap('1. one two three four', 12, '  ', '     ')).toBe('  1. one two\n     three\n     four')
})

it('joins runs of releases', () => {
  expect(releasesText(['4.4', '6.0', '7.0', '7.1', '17'])).toBe('Android 4.4, 6.0-7.1 and 17')
})
