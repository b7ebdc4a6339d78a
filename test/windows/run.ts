import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { nodeProgram, testedWindows } from '../../tools/node-packages.js'
import { findWine, installWindows, windows } from './wine.js'

/**
 * `npm run test:windows`: runs what was built (dist/) on Windows' own node.exe under Wine, and compares with Linux.
 * Without Wine it says so; in CI that is a failure. What stands after `--` goes to vitest.
 */
const wine = findWine()
process.exitCode = wine ? withWine(wine) : without()

function without(): number {
  console.log(
    'test:windows did not run: no Wine here (Debian: apt-get install --no-install-recommends wine64)',
  )
  return process.env.CI ? 1 : 0
}

function withWine(wine: string): number {
  const root = resolve(import.meta.dirname, '../..')
  if (!existsSync(join(root, 'dist'))) throw new Error('npm run build comes first')
  const nodeExe = nodeProgram(testedWindows)
  const prefix = mkdtempSync(join(tmpdir(), 'adfs-check-wine-'))
  try {
    installWindows(wine, prefix)
    const { status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        ...['run', '--config', 'test/windows/vitest.config.ts', ...process.argv.slice(2)],
      ],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, TEST_WINE: wine, TEST_WINE_PREFIX: prefix, TEST_WINDOWS_NODE: nodeExe },
      },
    )
    return status ?? 1
  } finally {
    windows(wine, prefix, nodeExe).close()
    rmSync(prefix, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
