#!/usr/bin/env node
import { version } from '../version.js'
import { exitUnfinished, exitUsage } from './exit-code.js'
import { faultLine } from './fault-line.js'

/** The only file that touches `process`: it gathers what the commands may know of the machine and hands it in. */
const args = process.argv.slice(2)

process.on('uncaughtException', (error) => {
  process.stderr.write(faultLine(error))
  process.exit(exitUsage)
})
// A closed pipe (`| head`) is no fault of ours and changes no verdict; a full disk loses what was found.
let unwritable: NodeJS.ErrnoException | null = null
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') unwritable ??= error
})
// Nowhere is left to say it.
process.stderr.on('error', () => {})

void main()

// Not awaited at the top: one file that is started alone is a CommonJS module, which cannot.
async function main(): Promise<void> {
  const code = await answer().catch((error: unknown) => {
    process.stderr.write(faultLine(error))
    return exitUsage
  })
  // Its call back comes when all before it is written, or has failed.
  await new Promise((done) => process.stdout.write('', done))
  if (unwritable) {
    process.stderr.write(`adfs-check: standard output cannot be written: ${unwritable.message}\n`)
  }
  await new Promise((done) => process.stderr.write('', done))
  // Not left to the last handle: a resolver that hangs cannot be cancelled and would keep the process for half a minute.
  process.exit(unwritable ? exitUnfinished : code)
}

async function answer(): Promise<number> {
  // Answered before anything is loaded: it is what scripts and package tests call most.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    process.stdout.write(`${version}\n`)
    return 0
  }
  const stop = new AbortController()
  // The first asks for what was found until then; the second is Node's own and ends at once.
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const { run } = await import('./program.js')
  return run(args, {
    out: process.stdout,
    err: process.stderr,
    input: () => process.stdin,
    env: process.env,
    platform: process.platform,
    now: new Date(),
    secret: async (question) =>
      process.stdin.isTTY
        ? (await import('./prompt.js')).askSecret(question, process.stdin, process.stderr)
        : null,
    signal: stop.signal,
  })
}
