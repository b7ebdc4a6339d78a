import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { type Farm, startFarm } from '../../src/demo/farm.js'
import { inPackage, nodeExe, root, there } from './here.js'
import { onWindows } from './wine.js'

/**
 * What the Task Scheduler starts, in a folder with a space, by Wine's cmd. That has no event log to write to, and makes
 * 1 of every code of a `call` that is not 0.
 */
const folder = join(there.drive, 'adfs check task')
mkdirSync(folder)
for (const name of ['adfs-check-task.cmd'])
  writeFileSync(
    join(folder, name),
    readFileSync(join(root, 'docs/guides/monitoring', name), 'utf8').replaceAll('\n', '\r\n'),
  )
// As npm's: the program is a script, too.
writeFileSync(
  join(folder, 'adfs-check.cmd'),
  `@echo off\r\n"${onWindows(nodeExe)}" "${onWindows(inPackage)}" %*\r\n`,
)
const farm: Farm = await startFarm()
writeFileSync(join(folder, 'root.pem'), farm.root.pem)
afterAll(() => farm.close())

it.each([
  ['finds something', farm.servers[0]!.port, false, /intermediate-missing/],
  ['cannot look', 1, false, /could-not-connect/],
  ['finds nothing', farm.servers[1]!.port, true, /^$/],
] as const)('a run that %s', async (_what, port, isWell, report) => {
  writeFileSync(
    join(folder, 'adfs-check.yaml'),
    `policy: { offline: true, timeout: 10, trust-anchor: root.pem }
farms:
  - { name: ${farm.name}, servers: ["127.0.0.1:${port}"] }
`,
  )
  const { code, ...said } = await there.program(['cmd', '/d', '/c', 'adfs-check-task.cmd'], { cwd: folder })
  expect(said).toEqual({ out: '', err: '' })
  expect(code === 0).toBe(isWell)
  expect(readFileSync(join(folder, 'last.txt'), 'utf8')).toMatch(report)
})
