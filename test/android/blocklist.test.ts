import { expect, it } from 'vitest'
import { blockedKey } from '../../src/android/blocklist.js'
import { blockedFrom17 } from '../../src/android/blocklist-17.js'
import { releaseRules } from '../../src/android/release-rules.js'
import { releases } from '../../src/android/releases.js'
import { rootsOf } from '../../src/android/trust-store.js'
import { issue } from '../../src/demo/authority.js'
import { certificateOf } from '../support/certificate-of.js'

const { publicKey } = certificateOf(issue({ subject: 'any' }))

it('17 blocks 86 more keys by SHA-256, and no release before it', () => {
  expect(blockedFrom17.size).toBe(86)
  const [spkiSha256] = blockedFrom17
  const blocking = releases.filter((release) =>
    blockedKey({ ...publicKey, spkiSha256: spkiSha256! }, releaseRules[release]),
  )
  expect(blocking).toEqual(['17'])
  expect(blockedKey(publicKey, releaseRules['17'])).toBeNull()
})

it('none of them is the key of a root of its store', () => {
  expect(rootsOf('17').filter((root) => blockedFrom17.has(root.spkiSha256))).toEqual([])
})
