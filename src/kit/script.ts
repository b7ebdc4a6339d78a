import { readFileSync } from 'node:fs'

/**
 * The script of every kit, with Windows' line ends. Read from the file beside this module by tests and tools; the build
 * puts its text here (tools/build.ts).
 */
export const installScript: string = readFileSync(
  new URL('./Install-Intermediates.ps1', import.meta.url),
  'latin1',
).replace(/\r?\n/g, '\r\n')
