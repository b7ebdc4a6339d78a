import { describe, expect, it } from 'vitest'
import { briefly } from '../../src/adfs/brief.js'
import { planOf } from '../../src/adfs/plan.js'
import { type SpeechContext, spoken } from '../../src/adfs/speak.js'
import { kitOf } from '../../src/kit/plan.js'
import type { Words } from '../../src/words/words.js'
import { thumbprintOf } from '../../src/x509/identity.js'
import { added, asked, farmOf, finding, type Machine, mint, read } from './farm.js'

/** Several servers, and devices of several kinds in one farm: who does what, in which order, and the way back. */

const root = mint({ subject: 'Root', ca: true })
const ca = read(mint({ subject: 'Issuing CA', issuer: root, ca: true }))
const leaf = read(mint({ subject: 'sts.contoso.test', issuer: root, names: ['sts.contoso.test'] }))

const short = (address: string, more: Partial<Machine> = {}): Machine => ({
  address,
  presented: [leaf],
  repair: { add: [added(ca, leaf)], chain: [leaf, ca] },
  ...more,
})

function planned(machines: readonly Machine[]) {
  const farm = farmOf(machines)
  const wanted = [{ verb: 'import', certificates: [ca.sha256], store: 'CA' }, { verb: 'confirm' }] as const
  const plan = planOf([finding('intermediate-missing', machines, wanted)], farm, asked)
  const context: SpeechContext = {
    subject: (id) => {
      const found = farm.farm.subjects.find((subject) => subject.id === id)
      return found?.kind === 'served' ? { kind: 'served', port: found.port, ...found.node } : undefined
    },
    certificate: () => ({ thumbprint: thumbprintOf(ca), names: [], file: null }),
    plan,
    kit: null,
    server: null,
    environment: [],
  }
  return { farm, plan, context }
}

const text = (words: Words): string =>
  words
    .map((word) =>
      typeof word === 'string' ? word : 'code' in word ? word.code : 'subject' in word ? word.subject : '*',
    )
    .join('')
const onOf = (ids: readonly string[]) => ids.map((id) => id.replace(/^.*@203\.0\.113\.(\d+):443$/, '$1'))

describe('several Windows servers', () => {
  const machines = [
    short('203.0.113.10', { role: 'adfs' }),
    short('203.0.113.11', { role: 'wap' }),
    short('203.0.113.12'),
    short('203.0.113.13', { role: 'wap' }),
  ]
  const { plan, context } = planned(machines)
  const verbs = plan.map(({ action }) => action.verb)

  it('are drained before the first change, and the way back comes last', () => {
    expect(verbs.indexOf('drain')).toBe(verbs.indexOf('save') + 1)
    expect(verbs.indexOf('import')).toBe(verbs.indexOf('drain') + 1)
    expect(verbs.at(-1)).toBe('undo')
    for (const verb of ['drain', 'undo'] as const)
      expect(onOf(plan.find(({ action }) => action.verb === verb)!.on).sort()).toEqual([
        '10',
        '11',
        '12',
        '13',
      ])
  })

  it('go proxies first, then what nobody named, AD FS last', () => {
    expect(onOf(plan.find(({ action }) => action.verb === 'drain')!.on)).toEqual(['11', '13', '12', '10'])
  })

  it('are told to come back with a service that runs: the script restarts no stopped one', () => {
    const drain = plan.find(({ action }) => action.verb === 'drain')!
    const [said] = spoken(drain, context)
    expect(said!.lines).toEqual(['Stop-Service adfssrv'])
    expect(text(said!.text)).toContain('http://SERVER/adfs/probe')
    expect(text(said!.expected!)).toContain('Start-Service adfssrv')
  })

  it('do not make the first screen longer', () => {
    const lines = briefly(plan, { ...context, servers: 4 }).flatMap((one) => one.lines)
    expect(lines.join('\n')).not.toMatch(/Stop-Service|-Remove/)
  })
})

it('one server is not drained', () => {
  const verbs = planned([short('203.0.113.10')]).plan.map(({ action }) => action.verb)
  expect(verbs).not.toContain('drain')
  expect(verbs).not.toContain('undo')
})

describe('a farm behind several kinds of device', () => {
  const machines = [
    short('203.0.113.10', { tlsEndsAt: 'adfs' }),
    short('203.0.113.11', { tlsEndsAt: 'nginx' }),
    short('203.0.113.12', { tlsEndsAt: 'f5' }),
    short('203.0.113.13', { tlsEndsAt: 'wap' }),
  ]
  const { farm, plan, context } = planned(machines)
  const on = (verb: string) => onOf(plan.find(({ action }) => action.verb === verb)!.on)

  it('sends each step to whom it concerns', () => {
    expect(on('import')).toEqual(['13', '10'])
    expect(on('edit-bundle')).toEqual(['11', '12'])
    expect(on('drain')).toEqual(['13', '10'])
    const bundle = spoken(plan.find(({ action }) => action.verb === 'edit-bundle')!, context)
    expect([...new Set(bundle.map(({ who }) => text(who)))]).toEqual([
      'Whoever runs nginx at sts.contoso.test@203.0.113.11:443',
      'Whoever runs F5 BIG-IP at sts.contoso.test@203.0.113.12:443',
    ])
    expect(bundle.flatMap(({ lines }) => lines)).toContain('nginx -s reload')
  })

  it('has a way back for each kind', () => {
    const back = plan.filter(({ action }) => action.verb === 'undo').flatMap((step) => spoken(step, context))
    const lines = back.flatMap((one) => one.lines)
    expect(lines).toContain('.\\Install-Intermediates.ps1 -Remove -Restart')
    expect(lines).toContain('cat "$CHAIN.before" > "$CHAIN"')
    expect(back.map(({ who }) => text(who)).join('\n')).toMatch(/whoever runs F5 BIG-IP at/)
  })

  it('says each kind in few words on the first screen', () => {
    const said = briefly(plan, { ...context, servers: 4 }).map((one) =>
      [text(one.text), ...one.lines].join('\n'),
    )
    expect(said.some((one) => /to nginx on .*11:443; there, as root/.test(one))).toBe(true)
    expect(said.some((one) => /intermediates\.pem.*F5 BIG-IP at .*12:443/.test(one))).toBe(true)
    expect(said.some((one) => /proxies first; there, as administrator[\s\S]*ps1 -Restart/.test(one))).toBe(
      true,
    )
    expect(said.join('\n')).not.toContain('If a balancer')
  })

  it('has the files of all in one folder, where none is in the way of another', () => {
    const kit = kitOf({ farm, plan, asked, version: '0.1.0', server: null })!
    const paths = kit.files.map(({ path }) => path)
    for (const path of ['Install-Intermediates.ps1', 'fullchain.pem', 'intermediates.pem'])
      expect(paths).toContain(path)
    expect(paths.filter((path) => path.includes('/'))).toEqual([])
  })

  it('gives each server a folder of its own, and says so, where a device takes every file', () => {
    const each = planned([...machines.slice(0, 3), short('203.0.113.14', { tlsEndsAt: 'kemp' })])
    const kit = kitOf({ farm: each.farm, plan: each.plan, asked, version: '0.1.0', server: null })!
    const paths = kit.files.map(({ path }) => path)
    expect(paths).toContain('203-0-113-10/Install-Intermediates.ps1')
    expect(paths).toContain('203-0-113-11/fullchain.pem')
    expect(paths).toContain('203-0-113-12/intermediates.pem')
    expect(paths.filter((path) => /113-1[124]\/.*(ps1|json|p7b|cer)$/.test(path))).toEqual([])
    const said = briefly(each.plan, { ...each.context, servers: 4 }).map((one) => text(one.text))
    expect(said.filter((one) => one.includes('its own folder of "fix"'))).toHaveLength(4)
  })
})
