import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, it } from 'vitest'

/** Whether a consumer is here. In CI every one must be: there a missing one is a failure; elsewhere it is said. */
export function consumer(name: string, file: string): typeof it | ((what: string, ..._: unknown[]) => void) {
  if (process.env.CI || existsSync(file)) return it
  console.warn(`${name} is not installed (${file}): what it would say of our output is not known`)
  return (what: string) => console.warn(`  not tried: ${what}`)
}

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-consumers-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file for programs that read no standard input. */
export function fileWith(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Runs a program on `input`; throws what it said unless it ends with 0. */
export function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stdout}${stderr}`)
  return stdout + stderr
}
