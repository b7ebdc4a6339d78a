/** Runs work when a slot is free, in the order asked. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>

/** A server that has said nothing for so long waits beside the slots: it costs sockets, and others need not wait for it. */
const patienceMs = 1_000
/** Servers that wait beside the slots, each with up to six sockets: well below what systems let one process open. */
const maxAside = 128

/** `limit` slots, shared by all that is run in them, whichever name it belongs to. */
export function slots(limit: number): Slots {
  let atWork = 0
  let aside = 0
  const queue: (() => void)[] = []
  const next = (): void => {
    while (atWork < limit && queue.length > 0) {
      atWork++
      queue.shift()!()
    }
  }
  return (work) =>
    new Promise((resolve, reject) => {
      queue.push(() => {
        let isAside = false
        const timer = setTimeout(() => {
          if (aside >= maxAside) return
          isAside = true
          aside++
          atWork--
          next()
        }, patienceMs)
        const end = (): void => {
          clearTimeout(timer)
          if (isAside) aside--
          else atWork--
          next()
        }
        work().finally(end).then(resolve, reject)
      })
      next()
    })
}
