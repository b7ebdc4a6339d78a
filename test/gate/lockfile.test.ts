import { describe, expect, it } from 'vitest'
import { runChecks } from '../../src/checks/registry.js'
import { type Issued, issue } from '../../src/demo/authority.js'
import { lockedFarm, lockText, readLock } from '../../src/farm/locked.js'
import { lockOf } from '../../src/gate/lockfile.js'
import { examinedFarm, host, inDays, makeCa, makeLeaf, type World } from '../support/examined.js'

const root = makeCa('Contoso Root')
const ca = (name: string, organisation: string, issuer: Issued = root) =>
  issue({
    subject: [
      ['O', organisation],
      ['CN', name],
    ],
    issuer,
    ca: true,
    notBefore: inDays(-100),
    notAfter: inDays(900),
  })
const first = ca('R10', "Let's Sign")
const names = [host, `certauth.${host}`]
const own = makeLeaf(first, { names, key: 'rsa-2048' })
const world = (...sent: Issued[]): World => ({ servers: [{ sent }], anchors: [root], releases: '10..' })
const locked = lockOf(examinedFarm(world(own, first)))!

const changes = (next: World, lock = locked) =>
  runChecks({ ...examinedFarm(next), lock })
    .find(({ id }) => id === 'locked-outcome-changed')!
    .findings.flatMap(({ cases, severity }) => cases.map(({ key }) => `${severity} ${key.split('|')[2]}`))

describe('what a farm comes to', () => {
  it('is releases, names, roots, issuers and keys', () => {
    expect(locked).toEqual({
      releases: ['10', '11', '12', '12L', '13', '14', '15', '16', '17'],
      names: [`certauth.${host}`, host],
      roots: [{ name: 'CN=Contoso Root', spkiSha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      issuers: ["Let's Sign"],
      keys: [{ kind: 'rsa', bits: 2048 }],
    })
  })

  it('of several servers is what all have', () => {
    const other = makeLeaf(first, { key: 'P-256' })
    const servers = [{ sent: [own, first] }, { sent: [other] }]
    expect(lockOf(examinedFarm({ ...world(), servers }))).toMatchObject({
      releases: [],
      names: [host],
      keys: [
        { kind: 'ec', bits: 256 },
        { kind: 'rsa', bits: 2048 },
      ],
    })
  })

  it('is not known where a server was not seen', () => {
    const unseen = { outcome: { kind: 'unreachable', reason: 'refused' } } as never
    expect(lockOf(examinedFarm({ ...world(), servers: [{ sent: [own, first] }, unseen] }))).toBeNull()
  })

  it('outlives the file', () => {
    const lock = readLock(lockText({ [host]: locked }), 'adfs-check.lock')
    expect(lockedFarm(lock, { id: host, port: 443 })).toEqual(locked)
    expect(lockedFarm(lock, { id: host, port: 444 })).toBeNull()
    expect(lockedFarm(lock, { id: 'constructor', port: 443 })).toBeNull()
  })

  it.each([
    ['', 'is no JSON'],
    ['[]', 'is no lock file'],
    ['{"lockVersion":2,"farms":{}}', 'is no lock file of this version'],
    ['{"lockVersion":1,"farms":{"a.test":{"releases":["99"]}}}', 'holds no outcome for "a.test"'],
  ])('is not read from %s', (text, message) => {
    expect(() => readLock(text, 'adfs-check.lock')).toThrow(message)
  })
})

describe('a locked farm', () => {
  it('may be renewed from the next intermediate, with more names and bits', () => {
    const next = ca('R11', "Let's Sign")
    const renewed = makeLeaf(next, { names: [...names, 'fs.contoso.com'], key: 'rsa-3072', keyName: 'next' })
    expect(changes(world(renewed, next))).toEqual([])
  })

  it.each<[string, World, string[]]>([
    ['loses a name', world(makeLeaf(first, { key: 'rsa-2048' }), first), [`warning name certauth.${host}`]],
    [
      'changes the kind of key',
      world(makeLeaf(first, { names, key: 'P-256' }), first),
      ['warning key EC 256'],
    ],
    ['is issued by somebody else', world(...issuedBy('Other CA')), ['warning issuer Other CA']],
  ])('is told of when it %s', (_what, next, expected) => {
    expect(changes(next)).toEqual(expected)
  })

  it('is told of releases that it lost, one by one, and of none that no longer counts', () => {
    expect(changes(world(own))).toEqual(locked.releases.map((release) => `warning release ${release}`))
    expect(changes({ ...world(own), releases: '16..' })).toEqual(['warning release 16', 'warning release 17'])
  })

  it('is told of a root of the same name with another key', () => {
    const twin = makeCa('Contoso Root', undefined, { keyName: 'another key' })
    const below = ca('R10', "Let's Sign", twin)
    const leaf = makeLeaf(below, { names, key: 'rsa-2048' })
    const [change] = changes({ ...world(leaf, below), anchors: [twin] })
    expect(change).toMatch(/^warning root [0-9a-f]{64}$/)
  })

  it('that the file does not know is told of', () => {
    expect(changes(world(own, first), null as never)).toEqual(['warning unknown-farm'])
  })
})

function issuedBy(organisation: string): Issued[] {
  const other = ca('Issuing', organisation)
  return [makeLeaf(other, { names, key: 'rsa-2048' }), other]
}
