import { describe, expect, it } from 'vitest'
import type { Action, Step } from '../../src/adfs/actions.js'
import { planOf } from '../../src/adfs/plan.js'
import { type SpeechContext, spoken } from '../../src/adfs/speak.js'
import type { Finding } from '../../src/checks/result.js'
import type { Role } from '../../src/farm/subject.js'
import type { Word, Words } from '../../src/words/words.js'
import { thumbprintOf } from '../../src/x509/identity.js'
import { added, asked, farmOf, finding, type Machine, mint, read, subjectOf } from './farm.js'

const rootIssued = mint({ subject: 'Root', ca: true })
const policyIssued = mint({ subject: 'Policy CA', issuer: rootIssued, ca: true })
const caIssued = mint({ subject: 'Issuing CA', issuer: policyIssued, ca: true })
const staleIssued = mint({ subject: 'Issuing CA', issuer: rootIssued, ca: true, key: 'P-384' })
const leafIssued = mint({ subject: 'sts.contoso.test', issuer: caIssued, names: ['sts.contoso.test'] })
const otherIssued = mint({ subject: 'app.contoso.test', issuer: staleIssued, names: ['app.contoso.test'] })
const certauthIssued = mint({
  subject: 'sts.contoso.test',
  issuer: caIssued,
  names: ['sts.contoso.test', 'certauth.sts.contoso.test'],
})
const c = {
  root: read(rootIssued),
  policy: read(policyIssued),
  ca: read(caIssued),
  stale: read(staleIssued),
  leaf: read(leafIssued),
  other: read(otherIssued),
  certauth: read(certauthIssued),
}

const importing = (...certificates: { sha256: string }[]): Action => ({
  verb: 'import',
  certificates: certificates.map(({ sha256 }) => sha256),
  store: 'CA',
})
const removing = ({ sha256 }: { sha256: string }): Action => ({ verb: 'remove', certificate: sha256 })
const short = (address: string, more: Partial<Machine> = {}): Machine => ({
  address,
  presented: [c.leaf],
  repair: { add: [added(c.ca, c.leaf), added(c.policy, c.ca)], chain: [c.leaf, c.ca, c.policy] },
  ...more,
})
const plan = (machines: readonly Machine[], findings: readonly Finding[]) =>
  planOf(findings, farmOf(machines), asked)
const verbs = (steps: readonly Step[]) => steps.map(({ action }) => action.verb)
const step = (steps: readonly Step[], verb: Action['verb']) =>
  steps.filter(({ action }) => action.verb === verb)

describe('the plan', () => {
  it('adds what an import is followed by, in an order in which it can be done', () => {
    const a = short('203.0.113.10')
    const steps = plan(
      [a],
      [finding('intermediate-missing', [a], [importing(c.ca, c.policy), { verb: 'confirm' }])],
    )
    expect(verbs(steps)).toEqual(['save', 'import', 'restart', 'rebind', 'reboot', 'edit-bundle', 'confirm'])
    expect(steps[0]!.argv).toEqual(['sts.contoso.test', '--server', '203.0.113.10', '--kit', 'fix'])
    expect(steps.at(-1)!.argv).toEqual(['sts.contoso.test', '--server', '203.0.113.10'])
    expect(steps.every(({ because }) => because.length === 1)).toBe(true)
  })

  it('does each thing once, however many findings and names lead to it', () => {
    const names = [short('203.0.113.10'), short('203.0.113.10', { name: 'certauth.sts.contoso.test' })]
    const steps = plan(names, [
      finding('intermediate-missing', names, [importing(c.ca)]),
      finding('works-by-luck', names, [importing(c.ca, c.policy), { verb: 'restart' }]),
    ])
    expect(step(steps, 'import').map(({ action }) => action)).toEqual([importing(c.ca, c.policy)])
    expect(step(steps, 'import')[0]!.on).toHaveLength(2)
    expect(step(steps, 'import')[0]!.because).toHaveLength(4)
    expect(new Set(verbs(steps)).size).toBe(steps.length)
    expect(step(steps, 'confirm')[0]!.argv).toEqual(['sts.contoso.test', '--server', '203.0.113.10'])
  })

  it('of advice told for several machines each gets what its own lists are about', () => {
    const a = short('203.0.113.10')
    const b: Machine = {
      address: '203.0.113.11',
      presented: [c.certauth, c.ca],
      repair: { add: [added(c.policy, c.ca)], chain: [c.certauth, c.ca, c.policy] },
    }
    const chains = [a, b].map(({ repair }) => repair!.chain!.map(({ sha256 }) => sha256))
    const steps = plan(
      [a, b],
      [
        finding(
          'intermediate-missing',
          [a, b],
          [
            importing(c.ca, c.policy),
            ...[c.leaf, c.certauth].map(({ sha256 }): Action => ({ verb: 'rebind', certificate: sha256 })),
            ...chains.map((chain): Action => ({ verb: 'edit-bundle', chain })),
          ],
        ),
      ],
    )
    const at = (verb: Action['verb']) => step(steps, verb).map(({ on, action }) => [on.length, action])
    expect(at('import')).toEqual([
      [1, importing(c.ca, c.policy)],
      [1, importing(c.policy)],
    ])
    expect(at('rebind')).toEqual(
      [c.leaf, c.certauth].map(({ sha256 }) => [1, { verb: 'rebind', certificate: sha256 }]),
    )
    expect(at('edit-bundle')).toEqual(chains.map((chain) => [1, { verb: 'edit-bundle', chain }]))
    expect(at('restart')).toEqual([[2, { verb: 'restart' }]])
  })

  it('machines with equal steps share one, others have their own', () => {
    const machines = [short('203.0.113.10'), short('203.0.113.11'), short('203.0.113.12')]
    const [a, b, d] = machines as [Machine, Machine, Machine]
    const steps = plan(machines, [
      finding('intermediate-missing', [a, b], [importing(c.ca)]),
      finding('other', [b, d], [importing(c.policy)]),
    ])
    expect(step(steps, 'import').map(({ on, action }) => [on.length, action])).toEqual([
      [1, importing(c.ca)],
      [1, importing(c.ca, c.policy)],
      [1, importing(c.policy)],
    ])
    expect(step(steps, 'restart')[0]!.on).toHaveLength(3)
  })

  it.each<[string, Partial<Machine>, boolean]>([
    [
      'another list of the machine is accepted through it',
      { presented: [c.other, c.stale], accepted: [c.other, c.stale] },
      false,
    ],
    [
      'it is part of a repaired chain',
      { presented: [c.other], repair: { add: [added(c.stale, c.other)], chain: [c.other, c.stale] } },
      false,
    ],
    ['nobody needs it', { presented: [c.other, c.stale] }, true],
    [
      'the release that took it takes the repaired list too',
      {
        presented: [c.leaf, c.stale],
        accepted: [c.leaf, c.stale],
        repair: { add: [added(c.ca, c.leaf)], chain: [c.leaf, c.ca] },
      },
      true,
    ],
    [
      'a release that took it would be lost',
      {
        presented: [c.leaf, c.stale],
        accepted: [c.leaf, c.stale],
        repair: { add: [added(c.ca, c.leaf)], chain: [c.leaf, c.ca], verdictsAfter: [] },
      },
      false,
    ],
  ])('removes a certificate or not: %s', (_why, second, isRemoved) => {
    const a = short('203.0.113.10')
    const b: Machine = { address: '203.0.113.10', name: 'app.contoso.test', presented: [], ...second }
    const steps = plan([a, b], [finding('wrong-intermediate', [a], [importing(c.ca), removing(c.stale)])])
    expect(step(steps, 'remove')).toHaveLength(isRemoved ? 1 : 0)
  })

  it('removes nothing that another finding imports', () => {
    const a = short('203.0.113.10')
    const steps = plan([a], [finding('x', [a], [removing(c.ca)]), finding('y', [a], [importing(c.ca)])])
    expect(step(steps, 'remove')).toEqual([])
  })

  it('imports no root, whatever a finding says', () => {
    const a = short('203.0.113.10', { presented: [c.leaf, c.root] })
    const [one] = step(plan([a], [finding('x', [a], [importing(c.root, c.ca)])]), 'import')
    expect(one!.action).toEqual(importing(c.ca))
  })

  it('takes over what must hold for an import to show', () => {
    const unless = [
      { kind: 'root-disabled', root: c.root.sha256, twinOf: c.policy.sha256 },
      { kind: 'removed', certificate: c.stale.sha256 },
    ] as const
    const a = short('203.0.113.10')
    const b = { ...a, repair: { ...a.repair, takesEffect: { predicted: true, unless } } }
    const unknownTwin: Action = { verb: 'disable-root', root: null, twinOf: c.policy.sha256 }
    const steps = plan([b], [finding('x', [b], [importing(c.ca, c.policy), unknownTwin])])
    expect(step(steps, 'disable-root').map(({ action }) => action)).toEqual([
      { verb: 'disable-root', root: c.root.sha256, twinOf: c.policy.sha256 },
    ])
    expect(verbs(steps)).toEqual([
      'save',
      'import',
      'remove',
      'disable-root',
      'restart',
      'rebind',
      'reboot',
      'edit-bundle',
      'confirm',
    ])
  })

  it('takes over what must hold for a removal to show', () => {
    const unless = [{ kind: 'root-disabled', root: c.root.sha256, twinOf: c.policy.sha256 }] as const
    const a: Machine = {
      address: '203.0.113.10',
      presented: [c.leaf, c.ca, c.stale, c.policy],
      repair: {
        drop: [{ certificate: c.stale, reason: 'stale' }],
        chain: [c.leaf, c.ca, c.policy],
        takesEffect: { predicted: true, unless },
      },
    }
    const steps = plan([a], [finding('wrong-intermediate', [a], [removing(c.stale)])])
    expect(verbs(steps).slice(0, 4)).toEqual(['save', 'remove', 'disable-root', 'restart'])
  })

  it('sets no certificate for all bindings where a machine has several', () => {
    const a = short('203.0.113.10')
    const b: Machine = { address: '203.0.113.10', name: 'app.contoso.test', presented: [c.other] }
    const steps = plan(
      [a, b],
      [finding('x', [a], [importing(c.ca), { verb: 'rebind', certificate: c.leaf.sha256 }])],
    )
    expect(step(steps, 'rebind')).toEqual([])
  })

  it('orders one certificate for all demands and sets the old one no more', () => {
    const machines = [short('203.0.113.10'), short('203.0.113.11')]
    const reissue = (...demands: Extract<Action, { verb: 'reissue' }>['demands']): Action => ({
      verb: 'reissue',
      certificate: c.leaf.sha256,
      demands,
    })
    const steps = plan(machines, [
      finding('hostname-not-covered', machines, [reissue({ kind: 'names', names: ['sts.contoso.test'] })]),
      finding('weak-key', machines, [
        reissue({ kind: 'stronger-key' }, { kind: 'names', names: ['certauth.sts.contoso.test'] }),
        reissue({ kind: 'stronger-key' }),
        importing(c.ca),
      ]),
    ])
    expect(step(steps, 'reissue').map(({ on, action }) => [on.length, action])).toEqual([
      [
        2,
        reissue(
          { kind: 'names', names: ['sts.contoso.test', 'certauth.sts.contoso.test'] },
          { kind: 'stronger-key' },
        ),
      ],
    ])
    expect(step(steps, 'rebind')).toEqual([])
    expect(step(steps, 'restart')).toHaveLength(1)
  })

  it.each<[Role, readonly Action['verb'][]]>([
    ['adfs', ['save', 'import', 'restart', 'rebind', 'reboot', 'confirm']],
    ['balancer', ['save', 'edit-bundle', 'confirm', 'undo']],
  ])('of a machine known as %s only what it understands', (role, expected) => {
    const a = short('203.0.113.10', { role })
    expect(verbs(plan([a], [finding('x', [a], [importing(c.ca, c.policy)])]))).toEqual(expected)
  })

  it('the kit is asked of the servers that supplied an issuer too', () => {
    const good: Machine = { address: '203.0.113.9', presented: [c.leaf, c.ca], accepted: [c.leaf, c.ca] }
    const idle: Machine = { address: '203.0.113.8', presented: [c.leaf, c.ca], accepted: [c.leaf, c.ca] }
    const from = 'sts.contoso.test@203.0.113.9:443'
    const bad = short('203.0.113.10', {
      repair: {
        add: [{ ...added(c.ca, c.leaf, from), origin: 'other-server' }],
        chain: [c.leaf, c.ca],
      },
    })
    const steps = plan([idle, good, bad], [finding('x', [bad], [importing(c.ca)])])
    expect(steps[0]!.argv).toEqual([
      'sts.contoso.test',
      '--server',
      '203.0.113.9',
      '--server',
      '203.0.113.10',
      '--kit',
      'fix',
    ])
    expect(steps.at(-1)!.argv).toEqual(['sts.contoso.test', '--server', '203.0.113.10'])
  })

  it('a finding about nothing that was found keeps its step', () => {
    const lost: Finding = {
      ...finding(
        'could-not-connect',
        [],
        [
          { verb: 'look', at: { kind: 'dns', host: 'sts.contoso.test' } },
          { verb: 'run-again', where: 'elsewhere' },
        ],
      ),
    }
    const steps = planOf([lost], farmOf([]), asked)
    expect(steps.map(({ on, by, argv }) => [on, by, argv])).toEqual([
      [[], 'network-admin', null],
      [[], 'whoever-checks', ['sts.contoso.test']],
    ])
  })

  it('checks again once', () => {
    const a = short('203.0.113.10')
    const steps = plan(
      [a],
      [finding('x', [a], [{ verb: 'run-again', where: 'elsewhere' }, { verb: 'confirm' }])],
    )
    expect(verbs(steps)).toEqual(['run-again'])
  })

  it('gives nobody a file of one certificate, unless that is the whole chain', () => {
    const bundle = (more: Partial<Machine['repair'] & object>) => {
      const a: Machine = {
        address: '203.0.113.10',
        presented: [c.leaf],
        repair: { chain: [c.leaf], ...more },
      }
      return verbs(plan([a], [finding('x', [a], [{ verb: 'edit-bundle', chain: [c.leaf.sha256] }])]))
    }
    expect(bundle({ verdictsAfter: [] })).toEqual([])
    expect(bundle({})).toEqual(['save', 'edit-bundle', 'confirm'])
  })

  it('an address is checked by a name that its certificate has', () => {
    const a: Machine = { address: '203.0.113.10', presented: [c.leaf] }
    const farm = farmOf([a])
    const byAddress = {
      ...farm,
      farm: { ...farm.farm, id: '203.0.113.10', name: null, address: '203.0.113.10' },
    }
    const [first] = planOf([finding('x', [a], [{ verb: 'check-by-name' }])], byAddress, {
      ...asked,
      target: '203.0.113.10',
    })
    expect(first!).toMatchObject({
      argv: ['sts.contoso.test', '--server', '203.0.113.10'],
      action: { verb: 'check-by-name', name: 'sts.contoso.test' },
    })
  })
})

describe('speech', () => {
  const machines = (['unknown', 'adfs', 'wap', 'balancer'] as const).map((role, n) =>
    short(`203.0.113.${10 + n}`, { role, presented: [c.certauth] }),
  )
  const context = (steps: readonly Step[], more: Partial<SpeechContext> = {}): SpeechContext => ({
    subject: (id) => {
      const found = farmOf(machines).farm.subjects.find((subject) => subject.id === id)
      return found?.kind === 'served'
        ? {
            kind: 'served',
            address: found.node.address,
            port: found.port,
            role: found.node.role,
            tlsEndsAt: found.node.tlsEndsAt,
          }
        : undefined
    },
    certificate: (sha256) => {
      const found = Object.values(c).find((one) => one.sha256 === sha256)
      return (
        found && {
          thumbprint: thumbprintOf(found),
          names: (found.subjectAltNames ?? []).map(({ value }) => value),
          file: `F-${sha256.slice(0, 8)}`,
        }
      )
    },
    plan: steps,
    kit: null,
    server: null,
    environment: [],
    ...more,
  })
  const flat = (words: Words) =>
    words.map((word: Word) => (typeof word === 'string' ? word : Object.values(word).join())).join('')
  const told = (
    machine: Machine,
    actions: readonly Action[],
    verb: Action['verb'],
    more: Partial<SpeechContext> = {},
  ) => {
    const steps = planOf([finding('x', [machine], actions)], farmOf(machines), asked)
    return step(steps, verb).flatMap((one) => spoken(one, context(steps, more)))
  }
  const [unknown, adfs, wap, balancer] = machines as [Machine, Machine, Machine, Machine]
  const add = importing(c.ca, c.policy)
  const thumbprint = thumbprintOf(c.certauth)

  it('with the role unknown says both ways', () => {
    expect(flat(told(unknown, [add], 'import')[0]!.who)).toMatch(/^If Windows ends TLS at /)
    const [bundle] = told(unknown, [add], 'edit-bundle')
    expect(flat(bundle!.who)).toMatch(/^If a balancer or another proxy ends TLS at /)
    expect(flat(bundle!.text)).toMatch(/^Give it fullchain\.pem: /)
    expect(
      told(unknown, [removing(c.stale)], 'restart').map(({ who }) => flat(who).split(' answers at ')[0]),
    ).toEqual(['If a Web Application Proxy', 'If an AD FS server'])
  })

  it.each<[Role, Machine, string[]]>([
    [
      'adfs',
      adfs,
      [
        `Set-AdfsAlternateTlsClientBinding -Thumbprint ${thumbprint}`,
        `Set-AdfsSslCertificate -Thumbprint ${thumbprint}`,
      ],
    ],
    ['wap', wap, [`Set-WebApplicationProxySslCertificate -Thumbprint ${thumbprint}`]],
    ['balancer', balancer, []],
  ])('rebinds as a %s does', (_role, machine, lines) => {
    expect(told(machine, [add], 'rebind').flatMap((one) => one.lines)).toEqual(lines)
  })

  it('Windows Server 2012 R2 has no certauth binding and no PowerShell 5.1', () => {
    const old = { server: '2012 R2' } as const
    const [one, ...more] = told(adfs, [add], 'rebind', old)
    expect([one!.lines, more]).toEqual([[`Set-AdfsSslCertificate -Thumbprint ${thumbprint}`], []])
    expect(flat(one!.text)).toContain('on each AD FS server')
    expect(told(adfs, [add], 'import', old)[0]!.lines).toEqual(
      [c.ca, c.policy].map(({ sha256 }) => `certutil -addstore CA F-${sha256.slice(0, 8)}.cer`),
    )
  })

  it('the script restarts, unless something else comes between', () => {
    expect(told(unknown, [add], 'import')[0]!.lines).toEqual([
      '.\\Install-Intermediates.ps1 -WhatIf',
      '.\\Install-Intermediates.ps1 -Restart',
    ])
    expect(told(unknown, [add], 'restart')).toEqual([])
    expect(told(unknown, [add, removing(c.stale)], 'import')[0]!.lines[1]).toBe(
      '.\\Install-Intermediates.ps1',
    )
    expect(told(wap, [add, removing(c.stale)], 'restart').flatMap(({ lines }) => lines)).toEqual([
      '.\\Install-Intermediates.ps1 -Restart',
    ])
    expect(told(wap, [removing(c.stale)], 'restart').flatMap(({ lines }) => lines)).toEqual([
      'Restart-Service adfssrv',
      'Restart-Service appproxysvc',
    ])
  })

  it('where one server of an import is to be changed otherwise too, the restart is said for all', () => {
    const both = [wap, unknown]
    const steps = planOf(
      [finding('x', both, [add]), finding('y', [unknown], [removing(c.stale)])],
      farmOf(machines),
      asked,
    )
    const lines = (verb: Action['verb']) =>
      step(steps, verb).flatMap((one) => spoken(one, context(steps)).flatMap((told) => told.lines))
    expect(lines('import')).toEqual(['.\\Install-Intermediates.ps1 -WhatIf', '.\\Install-Intermediates.ps1'])
    expect(step(steps, 'restart').map(({ on }) => on)).toEqual([both.map((one) => subjectOf(one).id)])
    expect(lines('restart')).toEqual(['.\\Install-Intermediates.ps1 -Restart'])
  })

  it('the certificate of a neighbour is set by its thumbprint, and the wrong one is not set again', () => {
    const wrong: Machine = { address: '203.0.113.11', role: 'adfs', presented: [c.other] }
    const steps = planOf(
      [finding('hostname-not-covered', [wrong], [{ verb: 'bind', certificate: c.leaf.sha256 }])],
      farmOf([unknown, wrong]),
      asked,
    )
    expect(verbs(steps)).toEqual(['bind', 'confirm'])
    const [one] = spoken(steps[0]!, context(steps))
    expect(one!.lines.at(-1)).toBe(`Set-AdfsSslCertificate -Thumbprint ${thumbprintOf(c.leaf)}`)
  })

  it('an authority is renewed by its administrator and then imported, never bound', () => {
    const action: Action = {
      verb: 'renew-authority',
      certificate: c.ca.sha256,
      renewal: { kind: 'constraint-without-dot', constraint: '.contoso.test' },
    }
    const steps = planOf([finding('x', [unknown], [action])], farmOf(machines), asked)
    expect(verbs(steps)).toEqual(['renew-authority', 'restart', 'rebind', 'reboot', 'confirm'])
    expect(steps[0]!.by).toBe('ca-admin')
    const [order, imported] = spoken(steps[0]!, context(steps))
    expect(flat(order!.text)).toMatch(/written without the dot: contoso\.test \(/)
    expect(imported!.lines[0]).toBe('certutil -addstore CA RENEWED.cer')
    expect(imported!.lines.join()).not.toContain('Set-')
  })

  it('a key is repaired on Windows, and on a balancer given anew', () => {
    const repair: Action = { verb: 'repair-key', certificate: c.certauth.sha256 }
    const [windows, other] = told(unknown, [repair], 'repair-key')
    expect(windows!.lines[0]).toBe(`certutil -repairstore My ${thumbprint}`)
    expect(flat(other!.who)).toMatch(/^If a balancer/)
    expect(told(balancer, [repair], 'repair-key').map(({ lines }) => lines)).toEqual([[]])
  })

  it('an address from a certificate stands in a step only if no shell can do anything with it', () => {
    const urls = ['http://ca.contoso.test/$(calc)";Remove-Item', 'http://ca.contoso.test/a%201.cer']
    const text = told(unknown, [{ verb: 'fetch-by-hand', child: c.leaf.sha256, urls }], 'fetch-by-hand')
    expect(flat(text[0]!.text)).toMatch(/Or get it from http:\/\/ca\.contoso\.test\/a%201\.cer$/)
  })

  it('a root is disabled by its thumbprint, and the risk is said', () => {
    const [one] = told(
      unknown,
      [add, { verb: 'disable-root', root: c.root.sha256, twinOf: c.policy.sha256 }],
      'disable-root',
    )
    expect(one!.lines).toEqual([
      `Get-ChildItem Cert:\\LocalMachine\\Root | Where-Object Thumbprint -eq ${thumbprintOf(c.root)}`,
    ])
    expect(flat(one!.text)).toContain('Disable all purposes')
    expect(flat(one!.expected!)).toContain('distrusts every site under that root')
  })

  it('every action and look-up has words, and no command inside them', () => {
    const looks = [
      'bindings',
      'services',
      'tls-settings',
      'clock',
      'firewall',
      'device-at-address',
      'ocsp-stapling',
      'client-certificate-binding',
    ] as const
    const actions: Action[] = [
      ...looks.map((kind) => ({ verb: 'look', at: { kind } }) as const),
      { verb: 'look', at: { kind: 'dns', host: 'sts.contoso.test' } },
      { verb: 'look', at: { kind: 'issuer-kind', certificate: c.ca.sha256 } },
      { verb: 'look', at: { kind: 'certification-path', certificate: c.leaf.sha256 } },
      add,
      removing(c.stale),
      { verb: 'disable-root', root: null, twinOf: c.policy.sha256 },
      { verb: 'reissue', certificate: null, demands: [{ kind: 'other' }] },
      { verb: 'delete-binding' },
      { verb: 'name-nodes' },
      { verb: 'fetch-by-hand', child: c.leaf.sha256, urls: ['http://ca.contoso.test/1.cer'] },
      { verb: 'check-by-name' },
      { verb: 'repair-key', certificate: c.leaf.sha256 },
      ...(
        [
          'validity',
          'own-name',
          'is-authority',
          'may-sign',
          'path-length',
          'server-authentication',
          'stronger-key',
          'stronger-signature',
          'other',
        ] as const
      ).map((kind): Action => ({ verb: 'renew-authority', certificate: c.ca.sha256, renewal: { kind } })),
      { verb: 'run-again', where: 'later' },
    ]
    const steps = planOf([finding('x', [unknown], actions)], farmOf(machines), asked)
    // The script restarts; all else has words.
    const silent = steps.filter((one) => spoken(one, context(steps)).length === 0)
    expect(silent.map(({ action }) => action.verb)).toEqual([])
    for (const { who, text, lines, expected } of steps.flatMap((one) => spoken(one, context(steps)))) {
      const words = [who, text, expected ?? []].map(flat)
      expect(words.join(' ')).toMatch(/^[\x20-\x7e]+$/)
      expect(words.join(' ')).not.toMatch(
        /Restart-Service|Set-\w+SslCertificate -|Remove-Item|netsh http (show|delete)|adfs-check /,
      )
      for (const line of lines) expect(line).toMatch(/^[\x21-\x7e][\x20-\x7e]*$/)
    }
  })

  it('a secret is named by its variable, and a line for PowerShell only is said to be one', () => {
    const steps = planOf([finding('x', [unknown], [{ verb: 'confirm' }])], farmOf(machines), {
      ...asked,
      android: '$x',
    })
    const [one] = spoken(steps[0]!, context(steps, { environment: ['HTTPS_PROXY'] }))
    expect(flat(one!.text)).toMatch(/this line is for PowerShell.*HTTPS_PROXY/)
  })

  it('a kit that is written need not be written', () => {
    expect(told(unknown, [add], 'save')).toHaveLength(1)
    expect(told(unknown, [add], 'save', { kit: 'fix' })).toEqual([])
  })
})
