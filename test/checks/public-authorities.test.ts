import { describe, expect, it } from 'vitest'
import { catalogue, catalogueSources, knownAgainst } from '../../src/android/catalogue.js'
import { releasesHaving } from '../../src/android/trust-store.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import type { Issued } from '../../src/demo/authority.js'
import { examinedFarm, make, makeCa, makeLeaf, now, type World } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'
import {
  e36,
  e46,
  g5,
  g5Ca,
  gcc,
  globalSign,
  goDaddy,
  named,
  r36,
  r46,
  rootYe,
  rootYr,
  x2,
  ye1,
  yr1,
} from '../support/published.js'

const goDaddyCa = makeCa('GoDaddy Issuing CA', goDaddy)

function first(world: Omit<World, 'servers'> & { sent: readonly Issued[] }) {
  const farm = examinedFarm({ releases: '10..', ...world, servers: [{ sent: world.sent }] })
  const [finding] = findingsOf(runChecks(farm))
  return {
    id: finding!.id,
    says: plainWords(finding!.words, farm),
    actions: finding!.advice.map(({ action }) => action),
  }
}

describe('a public name is never called private, and the way is named offline', () => {
  it.each<[string, Parameters<typeof first>[0], string, RegExp]>([
    [
      "Let's Encrypt YR, leaf alone",
      { sent: [makeLeaf(yr1)] },
      'intermediate-missing',
      /publishes "YR1" as issued by "Root YR" \(SHA-256 13949634[0-9a-f]+, https:\/\/letsencrypt.org\/certs\/gen-y\/int-yr1.pem\) and "Root YR" as issued by "ISRG Root X1" \(SHA-256 072639d0[0-9a-f]+, .*root-yr-by-x1.pem\); sending them lets Android 10-17 follow/,
    ],
    [
      "Let's Encrypt YR, leaf and intermediate",
      { sent: [makeLeaf(yr1), yr1] },
      'anchor-unknown-to-android',
      /publishes "Root YR" as issued by "ISRG Root X1".*lets Android 10-17 follow/,
    ],
    [
      'the same, the self-signed root fetched',
      { sent: [makeLeaf(yr1), yr1], found: [rootYr] },
      'anchor-unknown-to-android',
      /a root of a public authority that Android 10-17 does not have\. The authority publishes "Root YR" as issued by "ISRG Root X1"/,
    ],
    [
      "Let's Encrypt YE, leaf and intermediate",
      { sent: [makeLeaf(ye1), ye1] },
      'anchor-unknown-to-android',
      /"Root YE" as issued by "ISRG Root X2".* and "ISRG Root X2" as issued by "ISRG Root X1".*lets Android 10-17 follow/,
    ],
    [
      'ISRG Root X2 where 10 to 13 lack it',
      { sent: [makeLeaf(rootYe), rootYe], anchors: [{ root: x2, from: '14' }] },
      'anchor-unknown-to-android',
      /the first release with this root is Android 14.*"ISRG Root X2" as issued by "ISRG Root X1".*lets Android 10-13 follow/,
    ],
    [
      'Sectigo R46, leaf alone',
      { sent: [makeLeaf(r36)] },
      'intermediate-missing',
      /"Sectigo Public Server Authentication CA DV R36" as issued by .* \(SHA-256 8c54c334[0-9a-f]+, .*"USERTrust RSA Certification Authority" \(SHA-256 not confirmed here/,
    ],
    [
      'Sectigo R46 where 10 to 14 lack it',
      { sent: [makeLeaf(r36), r36], anchors: [{ root: r46, from: '15' }] },
      'anchor-unknown-to-android',
      /as issued by "USERTrust RSA Certification Authority".*lets Android 10-14 follow/,
    ],
    [
      'Sectigo E46 where 10 to 14 lack it',
      { sent: [makeLeaf(e36), e36], anchors: [{ root: e46, from: '15' }] },
      'anchor-unknown-to-android',
      /"Sectigo Public Server Authentication Root E46" as issued by "USERTrust ECC Certification Authority".*lets Android 10-14 follow/,
    ],
    [
      'GlobalSign R46 where 10 to 13 lack it',
      { sent: [makeLeaf(gcc), gcc], anchors: [{ root: globalSign, from: '14' }] },
      'anchor-unknown-to-android',
      /the first release with this root is Android 14.*"GlobalSign Root R46" as issued by "GlobalSign".*lets Android 10-13 follow/,
    ],
    [
      'DigiCert G5 where 10 to 13 lack it',
      { sent: [makeLeaf(g5Ca), g5Ca], anchors: [{ root: g5, from: '14' }] },
      'anchor-unknown-to-android',
      /the first release with this root is Android 14\. The root is too new for the older phones\./,
    ],
    [
      'GoDaddy TLS R1, which Windows has',
      { sent: [makeLeaf(goDaddyCa), goDaddyCa], found: [goDaddy] },
      'anchor-unknown-to-android',
      /a root of a public authority that Android 10-17 does not have\. Windows has it, so it works from a PC\. Ask the authority/,
    ],
    [
      'the same, nothing fetched',
      { sent: [makeLeaf(goDaddyCa), goDaddyCa] },
      'anchor-unknown-to-android',
      /a public authority that Android 10-17 does not have as a root/,
    ],
  ])('%s', (_name, world, id, says) => {
    const finding = first(world)
    expect(finding.id).toBe(id)
    expect(finding.says).toMatch(says)
    expect(finding.says).not.toMatch(/private/)
    const hand = finding.actions.find(({ verb }) => verb === 'fetch-by-hand')
    if (finding.says.includes('publishes'))
      expect(hand).toMatchObject({ urls: expect.arrayContaining([expect.stringMatching(/^https?:/)]) })
  })

  it('an unknown name still may be private', () => {
    const root = makeCa('Contoso Root')
    const issuing = makeCa('Contoso Issuing CA', root)
    expect(first({ sent: [makeLeaf(issuing), issuing], found: [root] }).says).toMatch(
      /most likely a private authority/,
    )
  })

  it('the name of a public root with another key is not that root', () => {
    const impostor = make({ subject: named('Root YR'), ca: true, keyName: 'impostor' })
    const issuing = makeCa('Some CA', impostor)
    expect(first({ sent: [makeLeaf(issuing), issuing], found: [impostor] }).says).not.toMatch(/publishes/)
  })
})

describe('the catalogue', () => {
  it('says of every row where it was read, and when', () => {
    for (const { source, address, sha256, leadsTo } of catalogue) {
      expect(catalogueSources[source]?.read).toMatch(/^\d{4}-\d\d-\d\d$/)
      expect(address).toMatch(/^https?:\/\//)
      if (sha256 !== null) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      if (leadsTo !== null) expect(releasesHaving(leadsTo).length).toBeGreaterThan(0)
    }
  })

  it('knows the cross-certificates revoked in May 2026, and not those that replaced them', () => {
    const against = catalogue.filter(({ sha256 }) => sha256 && knownAgainst(sha256)?.state === 'revoked')
    expect(against.map(({ subject }) => subject.split(',')[0]).sort()).toEqual([
      'CN=ISRG Root X2',
      'CN=Root YE',
      'CN=Root YR',
    ])
    for (const { subject, issuer } of against)
      expect(
        catalogue.some(
          (row) =>
            row.subject === subject &&
            row.issuer === issuer &&
            row.state === 'current' &&
            row.notBefore! > '2026-05' &&
            row.notBefore! < now.toISOString(),
        ),
      ).toBe(true)
  })
})
