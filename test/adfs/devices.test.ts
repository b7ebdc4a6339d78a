import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Recipe, stages } from '../../src/adfs/recipes/recipe.js'
import { recipes } from '../../src/adfs/recipes/recipes.js'
import { check } from '../../src/check.js'
import { type Terminator, terminators } from '../../src/farm/subject.js'
import { render } from '../../src/formats/registry.js'
import { kitOf } from '../../src/kit/plan.js'
import { replaying } from '../../src/network/case.js'
import { readCase } from '../../src/network/read-case.js'
import { version } from '../../src/version.js'
import { names, textOf } from '../scenarios/recipe.js'

/** Who is told what, by what ends TLS: every farm of the scenarios, as if it stood behind each device. */

/** What only an administrator of Windows can use. Sources of findings are pages, which nobody pastes. */
const windows =
  /Install-Intermediates|\.ps1|certutil|certlm|netsh http (?:show|add|delete)|Cert:\\|PowerShell|\b(?:Get|Set|Import|Export|Remove|Restart|Start|Stop|Unblock)-[A-Z][A-Za-z]+/

async function saidOf(name: string, tlsEndsAt: Terminator): Promise<ReadonlyMap<string, string>> {
  const { saved, asked, at } = readCase(textOf(name, 'case.json'), name)
  const own = { ...asked, tlsEndsAt }
  const checked = await check(own, replaying(saved), at, { concurrency: 1, pause: async () => true })
  const head = { tool: { name: 'adfs-check', version }, at } as const
  const style = { colour: false, unicode: true, columns: 80 }
  const said = new Map<string, string>()
  for (const format of ['text', 'markdown', 'html', 'json', 'sarif', 'github'] as const)
    said.set(format, await render(format, head, [checked], { ...style, verbose: false }))
  said.set('verbose', await render('text', head, [checked], { ...style, verbose: true }))
  const { examined: farm, steps: plan } = checked
  const kit = kitOf({ farm, plan, asked: own, version, server: null })
  for (const { path, contents } of kit?.files ?? [])
    said.set(`kit ${path}`, `${path}\n${Buffer.from(contents).toString('latin1')}`)
  return said
}

// One server itself says Remove-Item, in the address of an issuer.
const farms = names.filter((name) => name !== 'hostile-text')
const devices = terminators.filter((one) => one !== 'adfs' && one !== 'wap')

describe.each(devices)('behind %s', (device) => {
  // Every kind of advice once for one device, for the others what is most common.
  it.each(
    device === 'f5' ? farms : ['leaf-only', 'farm-of-four-defects', 'leaf-expired'],
  )('%s says nothing that is for Windows alone', async (name) => {
    for (const [where, text] of await saidOf(name, device)) expect(text, where).not.toMatch(windows)
  })

  it('the kit has the chain, and in the form that the device takes', async () => {
    const said = await saidOf('two-levels-missing', device)
    const files = [...said.keys()].filter((key) => key.startsWith('kit '))
    const count = (file: string) => said.get(`kit ${file}`)?.match(/BEGIN CERTIFICATE/g)?.length
    expect(count('fullchain.pem')).toBe(3)
    expect(files.some((file) => /ps1|json|\.p7b|\.cer/.test(file))).toBe(false)
    const { takes } = recipes[device]
    expect(count('intermediates.pem')).toBe(takes === 'intermediates' ? 2 : undefined)
    const single = files.filter((file) => /-[0-9a-f]{8}\.pem$/.test(file))
    expect(single).toHaveLength(takes === 'each' ? 2 : 0)
    for (const file of files)
      if (/\.pem$/.test(file)) expect(said.get('kit README.md')).toContain(file.slice(4))
  })
})

it.each(['adfs', 'wap'] as const)('with %s named, no other role is told anything', async (role) => {
  const said = await saidOf('leaf-only', role)
  const text = [...said.values()].join('\n')
  expect(text).toContain('Install-Intermediates.ps1 -Restart')
  expect(text).not.toMatch(/If a balancer|balancer or another proxy|fullchain/)
  expect(text.includes('Set-WebApplicationProxySslCertificate')).toBe(role === 'wap')
  expect(text.includes('Set-AdfsSslCertificate')).toBe(role === 'adfs')
})

describe('recipes', () => {
  it.each(
    Object.values(recipes),
  )('$id has every stage, and says where its words come from', (recipe: Recipe) => {
    for (const server of [null, '2012 R2', '2016'] as const) {
      const told = recipe.stages({ file: 'fullchain.pem', server })
      expect(Object.keys(told)).toEqual([...stages])
      for (const { text } of Object.values(told)) expect(text.length).toBeGreaterThan(0)
    }
    if (recipe.id === 'other') expect(recipe.source).toBeNull()
    else
      expect(recipe.source).toMatchObject({
        url: expect.stringMatching(/^https:/),
        date: expect.stringMatching(/\d/),
      })
    // Lines are for what was tried, and for Windows, whose lines the kit has anyway.
    const lines = stages.flatMap((stage) => recipe.stages({ file: 'f', server: null })[stage].lines)
    const isWindows = recipe.id === 'adfs' || recipe.id === 'wap'
    expect(lines.length > 0).toBe(recipe.tried !== null || isWindows)
  })

  it('are in the guide, line by line, with their pages', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/load-balancers.md'), 'utf8')
    const section = (title: string) => guide.split(`\n## ${title}\n`)[1]?.split('\n## ')[0]
    for (const recipe of Object.values(recipes)) {
      const { id, title, source, tried } = recipe
      if (id === 'adfs' || id === 'wap' || source === null) continue
      const text = section(title)
      expect(text, title).toBeDefined()
      expect(text).toContain(`<${source.url}>`)
      expect(text).toContain(source.date)
      expect(text).toContain(tried === null ? 'Not tried here' : `Tried on ${tried}`)
      const told = recipe.stages({ file: 'fullchain.pem', server: null })
      for (const line of stages.flatMap((stage) => told[stage].lines)) expect(text).toContain(`\n${line}\n`)
    }
  })

  it('Windows Server 2012 R2 gets no script', () => {
    for (const role of ['adfs', 'wap'] as const)
      expect(JSON.stringify(recipes[role].stages({ file: '', server: '2012 R2' }))).not.toContain('ps1')
  })
})

it('a device sends what it is given: nothing has to hold on Windows', async () => {
  const kit = async (device: Terminator) =>
    (await saidOf('new-root-cross-missing', device)).get('kit README.md')!
  expect(await kit('wap')).toMatch(/The promise holds only with all the steps below/)
  expect(await kit('wap')).toMatch(/Disable all purposes/)
  expect(await kit('f5')).not.toMatch(/promise holds only|goes on sending|Disable all purposes/)
  const { findings, subjects } = JSON.parse((await saidOf('new-root-cross-missing', 'f5')).get('json')!)
    .reports[0]
  expect(subjects[0].repairs[0].takesEffect).toEqual({ predicted: true, unless: [] })
  expect(findings[0].message).not.toMatch(/Importing is not enough/)
})
