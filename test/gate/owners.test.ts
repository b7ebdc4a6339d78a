import { expect, it } from 'vitest'
import { Owners } from '../../src/gate/owners.js'

it('keeps the five worst of however many farms', () => {
  const owners = new Owners()
  for (let nth = 0; nth < 500; nth++)
    owners.add(
      'Contoso',
      `sts${nth}.contoso.com`,
      nth === 400 ? 'critical' : nth % 2 === 0 ? 'warning' : 'ok',
    )
  owners.add('Fabrikam', 'fs.fabrikam.com', 'unknown')
  owners.add(null, 'adfs.example.com', 'unknown')
  const { owners: all } = owners.summary()
  expect(all!.map(({ owner }) => owner)).toEqual(['Contoso', 'Fabrikam', null])
  expect(all![0]).toEqual({
    owner: 'Contoso',
    farms: 500,
    verdicts: { ok: 250, warning: 249, critical: 1, unknown: 0 },
    worst: [
      { farm: 'sts400.contoso.com', verdict: 'critical' },
      ...[0, 2, 4, 6].map((nth) => ({ farm: `sts${nth}.contoso.com`, verdict: 'warning' })),
    ],
  })
})

it('says nothing where nobody has an owner', () => {
  const owners = new Owners()
  owners.add(null, 'sts.contoso.com', 'critical')
  expect(owners.summary()).toEqual({})
})
