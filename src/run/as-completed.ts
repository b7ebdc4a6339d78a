type Settled<R> = { readonly value: R } | { readonly error: unknown }

/**
 * Works on up to `limit` items at a time and gives each result as soon as it is there, whatever came before it: one that
 * hangs holds up nobody. Items are taken one by one and only where there is room, so that a list is never in memory as a
 * whole; results that nobody has taken yet count as work. A rejection comes out where its result would have.
 */
export async function* asCompleted<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const source = items[Symbol.asyncIterator]()
  const settled: Settled<R>[] = []
  let atWork = 0
  let isAsked = false
  let isRead = false
  let wake = (): void => {}
  const settle = (one: Settled<R>): void => {
    settled.push(one)
    wake()
  }
  const begin = (item: T): void => {
    atWork++
    const ended = (one: Settled<R>): void => {
      atWork--
      settle(one)
    }
    work(item).then(
      (value) => ended({ value }),
      (error: unknown) => ended({ error }),
    )
  }
  const ask = (): void => {
    isAsked = true
    source.next().then(
      ({ done, value }) => {
        isAsked = false
        if (done) isRead = true
        else begin(value)
        wake()
      },
      (error: unknown) => {
        isRead = true
        settle({ error })
      },
    )
  }
  try {
    for (;;) {
      if (!isRead && !isAsked && atWork + settled.length < limit) ask()
      const one = settled.shift()
      if (one) {
        if ('error' in one) throw one.error
        yield one.value
        continue
      }
      if (isRead && atWork === 0) return
      await new Promise<void>((done) => {
        wake = done
      })
      wake = () => {}
    }
  } finally {
    // Whoever stops listening early reads no further; the source may be waiting for bytes and is not waited for.
    if (!isRead) void Promise.resolve(source.return?.()).catch(() => {})
  }
}

/** The same items, when the first that is not `missed` has come; where none comes, how many were missed. */
export async function withFirst<T>(
  items: AsyncIterable<T | 'missed'>,
): Promise<AsyncIterable<T | 'missed'> | number> {
  const source = items[Symbol.asyncIterator]()
  let missed = 0
  for (;;) {
    const { done, value } = await source.next()
    if (done) return missed
    if (value === 'missed') missed++
    else {
      return (async function* () {
        yield* Array.from({ length: missed }, () => 'missed' as const)
        yield value
        yield* { [Symbol.asyncIterator]: () => source }
      })()
    }
  }
}
