import type { Machine } from '../../src/cli/machine.js'
import { run } from '../../src/cli/program.js'

/** Runs a command line in this process, on a machine without a terminal, an environment or anybody to ask. */
export async function runCli(args: readonly string[], machine: Partial<Machine> & Pick<Machine, 'now'>) {
  let out = ''
  let err = ''
  const code = await run(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    env: { LANG: 'C.UTF-8' },
    platform: 'linux',
    signal: new AbortController().signal,
    ...machine,
  })
  return { code, out, err }
}
