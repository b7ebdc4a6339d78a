import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { asCompleted } from '../../src/run/as-completed.js'

async function* counting(items: readonly number[], taken: number[] = []) {
  for (const item of items) {
    taken.push(item)
    yield item
  }
}

const all = async <T>(results: AsyncIterable<T>): Promise<T[]> => {
  const got: T[] = []
  for await (const one of results) got.push(one)
  return got
}

it('each result comes when it is there, one that hangs holds up nobody', async () => {
  let answer = (): void => {}
  const hanging = new Promise<void>((done) => {
    answer = done
  })
  const results = asCompleted(counting([0, 1, 2, 3]), 4, async (n) => {
    if (n === 0) await hanging
    else await wait(40 - 10 * n)
    return n
  })
  const got = [await results.next(), await results.next(), await results.next()].map(({ value }) => value)
  expect(got).toEqual([3, 2, 1])
  answer()
  expect(await all(results)).toEqual([0])
})

it('no more items are taken than there is room for, results not yet fetched included', async () => {
  const taken: number[] = []
  const results = asCompleted(
    counting(
      Array.from({ length: 1_000 }, (_, n) => n),
      taken,
    ),
    5,
    async (n) => n,
  )
  await results.next()
  await wait(20)
  expect(taken.length).toBeLessThanOrEqual(6)
  expect(await all(results)).toHaveLength(999)
})

it('a list that is still being written is worked on as far as it goes', async () => {
  let more = (): void => {}
  const later = new Promise<void>((done) => {
    more = done
  })
  const results = asCompleted(
    (async function* () {
      yield 1
      await later
      yield 2
    })(),
    8,
    async (n) => n,
  )
  expect((await results.next()).value).toBe(1)
  more()
  expect(await all(results)).toEqual([2])
})

it('a failure of the work or of the list comes out, and the list is let go', async () => {
  let isClosed = false
  const failing = asCompleted(
    (async function* () {
      try {
        yield 1
        yield 2
      } finally {
        isClosed = true
      }
    })(),
    1,
    () => Promise.reject(new Error('no')),
  )
  await expect(all(failing)).rejects.toThrow('no')
  await wait(1)
  expect(isClosed).toBe(true)
  const unreadable = asCompleted(
    (async function* () {
      yield 1
      throw new Error('torn')
    })(),
    2,
    async (n) => n,
  )
  await expect(all(unreadable)).rejects.toThrow('torn')
})

it('nothing to do is done at once', async () => {
  expect(await all(asCompleted(counting([]), 3, async (n) => n))).toEqual([])
})
