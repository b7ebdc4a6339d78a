import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { windows } from './wine.js'

/** What run.ts prepared, and what was built. */
const { TEST_WINE, TEST_WINE_PREFIX, TEST_WINDOWS_NODE } = process.env

/** Path of node.exe as this machine sees it. */
export const nodeExe = TEST_WINDOWS_NODE!
export const there = windows(TEST_WINE!, TEST_WINE_PREFIX!, nodeExe)
export const root = resolve(import.meta.dirname, '../..')
const { bin, version: built } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  bin: { 'adfs-check': string }
  version: string
}
export const version = built
/** The command as npm installs it. */
export const inPackage = join(root, bin['adfs-check'])
