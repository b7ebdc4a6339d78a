import { describe, expect, it } from 'vitest'
import { supported } from '../../src/android/releases.js'
import { dataOutdated } from '../../src/checks/data-outdated.js'
import { runChecks } from '../../src/checks/registry.js'
import { examinedFarm, soundPki } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

const { root, intermediate, leaf } = soundPki()
const daysLater = (days: number) =>
  examinedFarm({
    servers: [{ sent: [leaf, intermediate] }],
    anchors: [root],
    at: new Date(Date.parse(supported.asOf) + days * 86_400_000),
  })

describe('the age of the data is a note', () => {
  it.each([-400, 0, 180])('not after %i days', (days) => {
    expect(dataOutdated.run(daysLater(days)).status).toBe('pass')
  })

  it('after 181 days, of no release and no weight', () => {
    const farm = daysLater(181)
    const [finding] = runChecks(farm, [dataOutdated]).flatMap(({ findings }) => findings)
    expect(finding).toMatchObject({ severity: 'info', releases: [], subjects: [] })
    expect(plainWords(finding!.words, farm)).toMatch(/as of \d{4}-\d\d-\d\d, 181 days before this check/)
  })
})
