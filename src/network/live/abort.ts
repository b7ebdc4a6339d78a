/** What waits for a signal. One listener each, however many wait: Node warns of a leak at the eleventh. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `callback` when `signal` aborts; the result takes that back. A signal that has aborted never calls. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = waiting.get(signal)
  if (!callbacks) {
    const own = new Set<() => void>()
    const aborted = (): void => {
      for (const call of own) call()
    }
    signal.addEventListener('abort', aborted, { once: true })
    waiting.set(signal, own)
    callbacks = own
  }
  callbacks.add(callback)
  return () => void callbacks.delete(callback)
}
