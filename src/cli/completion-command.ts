import type { Command } from 'commander'
import { completionModel } from './completion-model.js'
import { completionScript, type Shell } from './completion-scripts.js'
import { allPages } from './explain-command.js'
import type { Machine } from './machine.js'

/** Prints what a shell has to read to complete command lines of this version. */
export async function completionCommand(shell: Shell, program: Command, machine: Machine): Promise<number> {
  const findings = allPages().map(({ id, title }) => ({ word: id, about: title }))
  machine.out.write(completionScript(shell, completionModel(program, findings)))
  return 0
}
