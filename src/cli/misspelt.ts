import type { Command } from 'commander'
import { AdfsCheckFault } from '../fault.js'
import { editDistance } from './edit-distance.js'

/** A slip in a command must not become a DNS look-up: a single label that is nearly a command has to follow `--`. */
export function refuseMisspelt(targets: readonly string[], args: readonly string[], program: Command): void {
  if (args.includes('--')) return
  for (const target of targets) {
    if (target.includes('.') || target.includes(':')) continue
    const command = program.commands.find(
      (other) => editDistance(target.toLowerCase(), other.name()) <= maxSlips,
    )
    if (!command) continue
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `Did you mean the command ${command.name()}?`, {
      hint: `If ${target} is a name to be checked: adfs-check -- ${target}`,
    })
  }
}

const maxSlips = 2
