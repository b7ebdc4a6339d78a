/** The reason of a signal that a deadline aborted. */
export class DeadlinePassed extends Error {
  constructor(readonly seconds: number) {
    super(`the deadline of ${seconds} s has passed`)
  }
}

/** A signal that aborts with `signal`, or when `deadlineMs` have passed; the timer does not keep the process alive. */
export function withDeadline(signal: AbortSignal, deadlineMs: number | undefined): AbortSignal {
  if (deadlineMs === undefined) return signal
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new DeadlinePassed(deadlineMs / 1000)), deadlineMs)
  timer.unref()
  if (signal.aborted) stop.abort(signal.reason)
  signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true })
  return stop.signal
}

/** What an aborted run says of itself, in words that go before a colon or a semicolon. */
export const stopText = ({ reason }: AbortSignal): string =>
  reason instanceof DeadlinePassed ? reason.message : 'interrupted'
