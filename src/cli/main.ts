#!/usr/bin/env node
import { version } from '../version.js'

/** The only file that touches `process`: it gathers what the commands may know of the machine and hands it in. */
const args = process.argv.slice(2)

// Answered before anything is loaded: it is what scripts and package tests call most.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`${version}\n`)
} else {
  // A closed pipe (`| head`) is no fault of ours and must not print a stack.
  process.stdout.on('error', () => process.exit())
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const { run } = await import('./program.js')
  process.exitCode = await run(args, {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    platform: process.platform,
    now: new Date(),
    signal: stop.signal,
  })
}
