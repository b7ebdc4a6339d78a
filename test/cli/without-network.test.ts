import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** The public cases of 2026 where there is no network but loopback: an unreachable internet changes no answer. */

const inside = (script: string) =>
  spawnSync('unshare', ['-n', 'sh', '-c', script], { encoding: 'utf8', timeout: 60_000 })
// A network of one's own needs root, as CI has it.
const isPossible = process.env.CI !== undefined || inside('ip link set lo up').status === 0

const repository = fileURLToPath(new URL('../../', import.meta.url))
interface Answer {
  readonly name: string
  readonly code: number
  readonly id: string
  readonly says: string
  readonly fetches: readonly string[]
}

describe.skipIf(!isPossible)('without a network', () => {
  const { stdout, stderr } = isPossible
    ? inside(
        `ip link set lo up && cd '${repository}' && exec node --import tsx test/support/without-network.ts`,
      )
    : { stdout: '', stderr: '' }
  const answers = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Answer)

  it.each<[string, RegExp]>([
    ["Let's Encrypt YR", /publishes "Root YR" as issued by "ISRG Root X1" .*lets Android 10-13 follow/],
    [
      "Let's Encrypt YE",
      /"Root YE" as issued by "ISRG Root X2" .* and "ISRG Root X2" as issued by "ISRG Root X1" .*lets Android 10-13 follow/,
    ],
    ['ISRG X2', /publishes "ISRG Root X2" as issued by "ISRG Root X1" .*lets Android 10-13 follow/],
    [
      'Sectigo R46',
      /Root R46" as issued by "USERTrust RSA Certification Authority" .*lets Android 10-13 follow/,
    ],
    [
      'Sectigo E46',
      /Root E46" as issued by "USERTrust ECC Certification Authority" .*lets Android 10-13 follow/,
    ],
    [
      'GlobalSign R46',
      /publishes "GlobalSign Root R46" as issued by "GlobalSign" .*lets Android 10-13 follow/,
    ],
    ['DigiCert G5', /a public authority that Android 10-13 does not have as a root\. Ask the authority/],
    ['GoDaddy R1', /a public authority that Android 10-13 does not have as a root\. Ask the authority/],
  ])('%s gets its finding and the next step', (name, says) => {
    expect(stderr).toBe('')
    const answer = answers.find((one) => one.name === name)
    expect(answer).toMatchObject({ code: 2, id: 'anchor-unknown-to-android' })
    expect(answer!.says).toMatch(says)
    expect(answer!.says).not.toMatch(/private/)
    // It did ask, and said what came of it.
    expect(answer!.fetches).toEqual([expect.stringMatching(/^not reachable: /)])
  })
})
