import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { slots } from '../../src/run/slots.js'

it('no more than the limit are at work at once, in the order asked', async () => {
  const inSlot = slots(3)
  let atWork = 0
  let most = 0
  const begun: number[] = []
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      inSlot(async () => {
        begun.push(index)
        most = Math.max(most, ++atWork)
        await wait(5)
        atWork--
      }),
    ),
  )
  expect(most).toBe(3)
  expect(begun).toEqual(Array.from({ length: 12 }, (_, index) => index))
})

it('who is silent for a second waits beside the slots', async () => {
  const inSlot = slots(2)
  let answer = (): void => {}
  const silent = new Promise<void>((done) => {
    answer = done
  })
  const hanging = [inSlot(() => silent), inSlot(() => silent)]
  const start = performance.now()
  expect(await inSlot(async () => 'next')).toBe('next')
  expect(performance.now() - start).toBeLessThan(2_000)
  answer()
  await Promise.all(hanging)
  // Their slots were given away once, not twice.
  expect(await Promise.all([1, 2, 3].map((n) => inSlot(async () => n)))).toEqual([1, 2, 3])
})

it('a failure frees its slot', async () => {
  const inSlot = slots(1)
  await expect(inSlot(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await inSlot(async () => 1)).toBe(1)
})
