import { AdfsCheckFault } from '../fault.js'
import { inAscii, neutralised, paint, wrap } from '../formats/terminal-text.js'
import { stopText } from '../run/stop.js'
import { exitCodeOf, exitUnfinished, exitUsage } from './exit-code.js'
import { faultLine } from './fault-line.js'
import type { Machine } from './machine.js'
import { textStyle } from './terminal.js'

/** Says what went wrong on standard error; the exit code. */
export function reportFault(error: unknown, machine: Machine): number {
  const style = textStyle(machine, machine.err, {})
  const say = (text: string) => void machine.err.write(style.unicode ? text : inAscii(text))
  if (error instanceof AdfsCheckFault) {
    // A file or a target may be named by somebody else than who reads this.
    const hint = error.hint === null ? '' : `${wrap(neutralised(error.hint), style.columns, '  ')}\n`
    say(`${paint(style, 'red', 'adfs-check:')} ${neutralised(error.message)}\n${hint}`)
    return exitCodeOf(error.code)
  }
  if (machine.signal.aborted) {
    say(`adfs-check: ${stopText(machine.signal)}: the check was not finished.\n`)
    return exitUnfinished
  }
  say(neutralised(faultLine(error)))
  return exitUsage
}
