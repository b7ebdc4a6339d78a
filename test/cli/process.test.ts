import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** The command as a process of its own: what only a process has (streams that fail, exit codes, faults). */
const main = join(import.meta.dirname, '../../src/cli/main.ts')
const shell = (redirections: string, args: readonly string[], node: readonly string[] = []) =>
  spawnSync(
    'sh',
    ['-c', `"$@" ${redirections}`, 'sh', process.execPath, '--import', 'tsx', ...node, main, ...args],
    { encoding: 'utf8', timeout: 20_000 },
  )
const isWindows = process.platform === 'win32'
const hasFullDisk = existsSync('/dev/full')

it.skipIf(!hasFullDisk)(
  'a full disk is said in one line and ends with 3',
  () => {
    for (const args of [['--version'], ['explain', 'weak-key'], ['android'], ['--help'], ['127.0.0.1:1']]) {
      const { status, stderr } = shell('> /dev/full', args)
      expect([args[0], status]).toEqual([args[0], 3])
      expect(stderr).toMatch(/^adfs-check: standard output cannot be written: ENOSPC.*\n$/)
    }
  },
  60_000,
)

it.skipIf(!hasFullDisk)(
  'where errors cannot be written, the exit code still tells',
  () => {
    expect(shell('2> /dev/full', ['bad name']).status).toBe(4)
  },
  20_000,
)

it.skipIf(isWindows)(
  "a closed pipe ends quietly, with the verdict's code",
  () => {
    const { stderr, stdout } = spawnSync(
      'bash',
      [
        '-c',
        '"$@" | true; echo "$PIPESTATUS"',
        'bash',
        process.execPath,
        '--import',
        'tsx',
        main,
        '127.0.0.1:1',
        '--format',
        'json',
      ],
      { encoding: 'utf8' },
    )
    expect([stdout, stderr]).toEqual(['3\n', ''])
  },
  20_000,
)

it.skipIf(isWindows)(
  'a fault of ours ends with 4 and one line that helps to find it',
  () => {
    const fault = 'data:text/javascript,setTimeout(()=>{throw new TypeError("planted")},400)'
    const { status, stderr } = shell('', ['demo', '--keep'], ['--import', fault])
    expect(status).toBe(4)
    expect(stderr).toMatch(
      /^adfs-check: fault inside adfs-check \S+, please report it: TypeError: planted \(at .+\)\n$/,
    )
  },
  20_000,
)

it.skipIf(isWindows)(
  'does not wait for what hangs once the answer is there',
  () => {
    const hang = 'data:text/javascript,setInterval(()=>{},1000)'
    const { status, signal } = shell('', ['--version'], ['--import', hang])
    expect([status, signal]).toEqual([0, null])
  },
  30_000,
)
