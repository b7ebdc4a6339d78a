import { expect, it } from 'vitest'
import { fileOf, names, textOf } from '../scenarios/recipe.js'
import { inPackage, there } from './here.js'
import { onWindows } from './wine.js'

it('recorded farms give their golden reports', async () => {
  // Every fourth: a start of Windows' node.exe costs most of the time, and what is judged knows no system.
  const left = names.filter((name, index) => index % 4 === 0 || name === 'hostile-text')
  expect(left.length).toBeGreaterThan(20)
  // As many at a time as there are cores in CI.
  const work = async () => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const file = onWindows(fileOf(name, 'case.json'))
      const { out, err } = await there.node([onWindows(inPackage), 'replay', file, '--format', 'json'])
      expect([name, err]).toEqual([name, ''])
      expect(out, name).toBe(textOf(name, 'report.json'))
    }
  }
  await Promise.all([work(), work()])
}, 240_000)
