import { describe, expect, it } from 'vitest'
import { planOf } from '../../src/adfs/plan.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { render } from '../../src/formats/registry.js'
import { gate } from '../../src/gate/gate.js'
import { composeReport } from '../../src/report/compose.js'
import { asked as plainlyAsked } from '../adfs/farm.js'
import {
  examinedFarm,
  host,
  inDays,
  makeCa,
  makeLeaf,
  now,
  parsed,
  soundPki,
  type World,
} from '../support/examined.js'

const { root, intermediate, leaf } = soundPki()
const sent = [leaf, intermediate]
const impostor = makeCa('Contoso Issuing CA', root, { keyName: 'impostor' })
const expired = makeCa('Contoso Issuing CA', root, {
  key: intermediate.key,
  notBefore: inDays(-900),
  notAfter: inDays(-10),
})
const anchors = [root]
const releases = '10..'
const found = [intermediate]
const serving = (...list: typeof sent): World => ({ servers: [{ sent: list }], anchors, found, releases })
const asked = { ...plainlyAsked, target: host }

const farmOfThree: World = {
  servers: [
    { sent, address: '203.0.113.10' },
    { sent: [leaf], address: '203.0.113.11' },
    { sent: [leaf, impostor], address: '203.0.113.12' },
  ],
  anchors,
  found: [{ certificate: intermediate, origin: 'operator' }],
  releases,
}

/** What a terminal shows of a world, unless of a farm changed by hand. */
async function screen(world: World, style = {}, change = (farm: ReturnType<typeof examinedFarm>) => farm) {
  const examined = change(examinedFarm(world))
  const results = runChecks(examined)
  const serious = findingsOf(results).filter(({ severity }) => severity !== 'info')
  const steps = planOf(serious, examined, asked)
  const gated = gate(composeReport({ examined, results, steps, asked, fetches: [] }))
  const head = { tool: { name: 'adfs-check', version: '0.0.0' }, at: now } as const
  return render('text', head, [gated], {
    colour: false,
    unicode: true,
    columns: 80,
    verbose: false,
    ...style,
  })
}

const refusedConnection: World = {
  servers: [{ outcome: { kind: 'unreachable', reason: 'refused', detail: 'ECONNREFUSED' } }],
  releases,
}

const common: Record<string, [World, RegExp]> = {
  'leaf only': [
    serving(leaf),
    /^sts\.contoso\.com {3}REFUSED by Android 10-17 {3}\(1 server checked, 1 refused\)$/,
  ],
  'three servers, two of them broken': [
    farmOfThree,
    /REFUSED by Android 10-17 {3}\(3 servers checked, 2 refused\)/,
  ],
  'an expired leaf': [
    serving(makeLeaf(intermediate, { notBefore: inDays(-90), notAfter: inDays(-1) }), intermediate),
    /REFUSED by Android 10-17/,
  ],
  'an expired intermediate': [serving(leaf, expired), /REFUSED by Android 10-17/],
  'a wrong name': [
    serving(
      makeLeaf(intermediate, { subject: 'www.fabrikam.com', names: ['www.fabrikam.com'] }),
      intermediate,
    ),
    /REFUSED by Android 10-17/,
  ],
  'a leaf that expires soon': [
    serving(makeLeaf(intermediate, { notBefore: inDays(-80), notAfter: inDays(15) }), intermediate),
    /accepted by Android 10-17, WARNING/,
  ],
  'nothing listening': [refusedConnection, /COULD NOT BE CHECKED {3}\(1 server tried\)/],
  'all fine': [serving(leaf, intermediate), /ok for Android 10-17 {3}\(1 server checked, \d+ connections?\)/],
}

const isCommand = (line: string) => /^\S/.test(line) && !/^(sts\.contoso\.com |Result: )/.test(line)

describe('the first screen', () => {
  it.each(Object.entries(common))('of %s fits 24 rows of 80 columns, verdict first and last', async (_, [
    world,
    first,
  ]) => {
    const lines = (await screen(world)).trimEnd().split('\n')
    expect(lines[0]).toMatch(first)
    expect(lines.at(-1)).toMatch(/^Result: .*\(exit [0-3]\)/)
    // The prompt takes the last of 24. Commands are never wrapped by us; the terminal does it.
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0)
    expect(rows).toBeLessThanOrEqual(23)
    for (const line of lines) if (!isCommand(line)) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  it('of a name without address names it first and last too', async () => {
    const text = await screen({ servers: [] }, {}, (farm) => ({
      ...farm,
      farm: { ...farm.farm, unresolved: [{ host, reason: 'not-found', detail: 'ENOTFOUND' }] },
    }))
    expect(text).toMatch(/^sts\.contoso\.com {3}COULD NOT BE CHECKED {3}\(no server found\)\n/)
    expect(text).toMatch(/\nResult: nothing could be checked \(exit 3\)\n$/)
    expect(text).toContain('\nadfs-check sts.contoso.com\n')
    expect(text.split('\n').length).toBeLessThanOrEqual(24)
  })

  it('of a leaf alone reads so', async () => {
    expect(await screen(serving(leaf))).toMatchInlineSnapshot(`
      "sts.contoso.com   REFUSED by Android 10-17   (1 server checked, 1 refused)

        203.0.113.10:443
          sent     1  sts.contoso.com             name ok, until 2027-08-15 (265 d)
          MISSING  2  Contoso Issuing CA          until 2027-08-15 (265 d)
          on phone    Contoso Root                in every release checked

        Why   The server does not send "Contoso Issuing CA"; Android apps do not
              download it, PCs do, so they look fine. Change nothing on the phones.

        Fix   1. Write the files:
      adfs-check sts.contoso.com --server 203.0.113.10 --kit fix
              2. Copy the folder "fix" to that server; there, as administrator:
      .\\Install-Intermediates.ps1 -WhatIf
      .\\Install-Intermediates.ps1 -Restart
                 If a balancer ends TLS: give it fullchain.pem from "fix" instead.
              3. Check again, from here:
      adfs-check sts.contoso.com --server 203.0.113.10

        More  adfs-check explain intermediate-missing   |   add --verbose
      Result: 1 of 1 server refused (exit 2); stores as shipped, updates to 2026-06
      "
    `)
  })

  it('of a farm says what ails each server, once', async () => {
    expect(await screen(farmOfThree)).toMatchInlineSnapshot(`
      "sts.contoso.com   REFUSED by Android 10-17   (3 servers checked, 2 refused)

        203.0.113.10:443  ok        leaf + 1
        203.0.113.11:443  REFUSED   leaf only: "Contoso Issuing CA" is missing
        203.0.113.12:443  REFUSED   wrong "Contoso Issuing CA" (other key, A197D2B6)
        Phones meet any of them: sign-in fails now and then.
        Why   .11: The server does not send "Contoso Issuing CA"; Android apps do not
              download it, PCs do, so they look fine. Change nothing on the phones.
        Fix   1. Write the files:
      adfs-check sts.contoso.com --server 203.0.113.11 --server 203.0.113.12 --kit fix
              2. Copy "fix" to .11 and .12, proxies first; there, as administrator
                 (line 3 removes the old one: on .12 only):
      .\\Install-Intermediates.ps1 -WhatIf
      .\\Install-Intermediates.ps1
      Get-ChildItem Cert:\\LocalMachine\\CA, Cert:\\LocalMachine\\My, Cert:\\CurrentUser\\CA | Where-Object Thumbprint -eq A197D2B68EE03DFFB751983DB17D34C3206F3DD4 | Remove-Item
      .\\Install-Intermediates.ps1 -Restart
                 If a balancer ends TLS: give it fullchain.pem from "fix" instead.
              3. Check again, from here:
      adfs-check sts.contoso.com --server 203.0.113.11 --server 203.0.113.12
        More  adfs-check explain intermediate-missing   |   add --verbose
      Result: 2 of 3 servers refused (exit 2); stores as shipped, updates to 2026-06
      "
    `)
  })

  it('of a sound farm is three lines', async () => {
    expect(await screen(serving(leaf, intermediate))).toMatchInlineSnapshot(`
      "sts.contoso.com   ok for Android 10-17   (1 server checked, 0 connections)
        leaf + 1, until 2027-08-15 (265 d), up to Contoso Root
      Result: the server is accepted (exit 0); stores as shipped, updates to 2026-06
      "
    `)
  })

  it('shows which releases refuse only where one server is not judged alike by all', async () => {
    const young: World = {
      servers: [{ sent }],
      anchors: [{ root, from: '12' }],
      releases,
    }
    expect(await screen(young)).toContain(':443  refused by Android 10-11, accepted by Android 12-17\n')
    expect(await screen(serving(leaf))).not.toContain('accepted by')
  })

  it('does not count older releases, and tells in one line when they refuse', async () => {
    const young = {
      ...serving(leaf, intermediate),
      anchors: [{ root, from: '10' as const }],
      others: '8.0..9',
    }
    const text = await screen(young)
    expect(text).toMatch(/^sts\.contoso\.com {3}ok for Android 10-17/)
    expect(text).toContain('\n  Not counted: Android 8.0-9 refuses\n')
  })

  it('says of what depends on the phone neither accepted nor refused', async () => {
    const text = await screen({ servers: [{ sent }], deviceCas: [root], releases })
    expect(text).toMatch(/^sts\.contoso\.com {3}DEPENDS for Android 10-17/)
    expect(text).toMatch(/\nResult: it depends, see above \(exit 1\)/)
  })
})

describe('the fix', () => {
  it('restarts after what is to be removed is gone', async () => {
    const text = await screen(serving(leaf, expired))
    expect(text.indexOf('Remove-Item')).toBeGreaterThan(0)
    expect(text.indexOf('-Restart')).toBeGreaterThan(text.indexOf('Remove-Item'))
  })

  it('restarts after a root is disabled', async () => {
    const twin = makeCa('Contoso Issuing CA', undefined, { key: intermediate.key })
    const text = await screen({
      ...serving(leaf),
      servers: [
        {
          sent: [leaf],
          unless: [{ kind: 'root-disabled', root: parsed(twin).sha256, twinOf: parsed(intermediate).sha256 }],
        },
      ],
    })
    expect(text.indexOf('Disable all purposes')).toBeGreaterThan(text.indexOf('-WhatIf'))
    expect(text.indexOf('-Restart')).toBeGreaterThan(text.indexOf('Disable all purposes'))
  })

  it('says both ways while nobody knows who ends TLS', async () => {
    expect(await screen(serving(leaf))).toContain(
      'If a balancer ends TLS: give it fullchain.pem from "fix" instead.',
    )
  })

  it('asks for the export, not for a kit, where the issuer was found nowhere', async () => {
    const text = await screen({ ...serving(leaf), found: [] })
    expect(text).toContain('MISSING  ?  Contoso Issuing CA')
    expect(text).toContain('certlm.msc')
    expect(text).not.toContain('--kit')
    expect(text).toContain('Restart-Service')
  })
})

describe('--verbose', () => {
  it('tells every finding, connection and certificate', async () => {
    const text = await screen(farmOfThree, { verbose: true })
    expect(text).toContain('(presented[0])')
    expect(text).toContain('wrong-intermediate')
    for (const one of [leaf, intermediate, impostor]) expect(text).toContain(parsed(one).sha256)
  })
})

describe('any terminal', () => {
  it('gets ASCII where it asks for it, and no text that moves the cursor', async () => {
    const evil = makeLeaf(intermediate, { subject: 'sts\u001b[2J\u202e\u2713' })
    const text = await screen({ ...serving(evil), found: [] }, { unicode: false })
    expect(text).toMatch(/^[\n\x20-\x7e]*$/)
  })

  it('gets only marks that console fonts have', async () => {
    for (const [world] of Object.values(common)) expect(await screen(world)).toMatch(/^[\n\x20-\x7e]*$/)
  })
})
