import { readFileSync, writeFileSync } from 'node:fs'
import { primeDistances, type RsaKind } from '../src/demo/keys.js'

/**
 * `npm run fixture-keys -- 'rsa-2048 Contoso Root' ...`: keeps where the primes of these RSA keys lie (kind, space, name),
 * beside those already in fixtures/keys.json, which are found anew. A key that is not kept is as good, only slower.
 */
const file = new URL('../fixtures/keys.json', import.meta.url)
const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number[]>
const seeds = [...new Set([...Object.keys(kept), ...process.argv.slice(2)])].sort()
const entries = seeds.map((seed) => {
  const space = seed.indexOf(' ')
  const distances = primeDistances(seed.slice(0, space) as RsaKind, seed.slice(space + 1))
  return `  ${JSON.stringify(seed)}: [${distances.join(', ')}]`
})
writeFileSync(file, `{\n${entries.join(',\n')}\n}\n`)
