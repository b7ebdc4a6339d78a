import { expect, it } from 'vitest'
import { patiently } from '../../src/kit/safe-files.js'

const failing = (code: string, times: number) => {
  let calls = 0
  return {
    act: async () => {
      if (++calls <= times) throw Object.assign(new Error(code), { code })
      return calls
    },
    calls: () => calls,
  }
}

it.each(['EPERM', 'EACCES', 'EBUSY'])('tries again what somebody held for a moment: %s', async (code) => {
  expect(await patiently(failing(code, 3).act)).toBe(4)
})

it('gives up on what stays held, with the reason, within three seconds', async () => {
  const started = performance.now()
  await expect(patiently(failing('EPERM', Number.POSITIVE_INFINITY).act)).rejects.toThrow('EPERM')
  expect(performance.now() - started).toBeLessThan(3_000)
})

it('does not repeat what waiting cannot mend', async () => {
  const full = failing('ENOSPC', 1)
  await expect(patiently(full.act)).rejects.toThrow('ENOSPC')
  expect(full.calls()).toBe(1)
})
