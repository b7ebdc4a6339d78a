import { expect, it } from 'vitest'
import { windowsSends } from '../../src/adfs/chain-engine.js'
import { kitOf } from '../../src/kit/plan.js'
import { version } from '../../src/version.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { isSelfIssued } from '../../src/x509/identity.js'
import { nameKey } from '../../src/x509/name-match.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { certificateOf } from '../support/certificate-of.js'
import { mint, nameable } from './certificates.js'
import { toldBy } from './expected.js'
import { type FarmRecipe, names, type Recipe, recipeOf, type ServerRecipe, textOf } from './recipe.js'
import { clockOf, record } from './record.js'
import { type Replayed, replay } from './render.js'

/**
 * Follows what a report prints, and nothing else, on servers with stores as Windows has them, and on servers with a
 * bundle: what is promised comes true, on real servers, and no release that accepted before is lost.
 */
const repairable = names.filter((name) => recipeOf(name).promised !== undefined)

it('there are repairs to follow', () => {
  expect(repairable.length).toBeGreaterThanOrEqual(15)
})

/** Where the operator said who ends TLS, the others are told nothing. */
const endsAt = (name: string) => recipeOf(name).farm.options?.tlsEndsAt
const isWindows = (name: string) => ['adfs', 'wap', undefined].includes(endsAt(name))
/** Where every machine is known to be Windows, the kit has no bundle. */
const mayHaveBundle = (name: string) =>
  endsAt(name) === undefined ? recipeOf(name).farm.options?.inventory === undefined : !isWindows(name)

it.each(repairable.filter(isWindows))('%s: imports into Windows stores end where they promise', (name) =>
  follow(name, windows))

it.each(repairable.filter(mayHaveBundle))("%s: the kit's chain in a bundle ends where it promises", (name) =>
  follow(name, bundle))

/** Services go on with the list they started with: on the first screen a restart follows the last change. */
const restarts = (name: string): void => {
  const screen = textOf(name, 'report.txt')
  const last = (pattern: RegExp) => Math.max(-1, ...[...screen.matchAll(pattern)].map(({ index }) => index))
  const change = last(/Install-Intermediates\.ps1(?! -WhatIf)|Remove-Item|Disable all purposes/g)
  expect(change).toBeGreaterThan(-1)
  expect(last(/Install-Intermediates\.ps1 -Restart|Restart-Service/g)).toBeGreaterThanOrEqual(change)
}

/** Where the first screen is known to leave the restart to --verbose; a mended one is to be taken off the list. */
const toMend: readonly string[] = []

it.each(repairable.filter((name) => isWindows(name) && !toMend.includes(name)))(
  '%s: what is changed is put into effect',
  restarts,
)
it.fails.each(toMend)('%s: what is changed is put into effect, not yet', restarts)

/** What lies before the administrator of one farm. */
interface Hand {
  readonly recipe: Recipe
  readonly replayed: Replayed
  /** Certificates of the kit's `.cer` files. */
  readonly imports: readonly Certificate[]
  /** Chains of the kit's `fullchain*.pem` files. */
  readonly chains: readonly (readonly Certificate[])[]
  readonly certificate: (name: string) => Certificate
  readonly nameOf: (certificate: Certificate) => string
}

type Mend = (server: ServerRecipe, subject: string, hand: Hand) => ServerRecipe

async function follow(name: string, mend: Mend): Promise<void> {
  const recipe = recipeOf(name)
  const hand = await handOf(recipe, name)
  const mended: FarmRecipe = {
    ...recipe.farm,
    servers: Object.fromEntries(
      Object.entries(recipe.farm.servers).map(([place, server]) => [place, mend(server, place, hand)]),
    ),
  }
  const after = toldBy((await replay(await record(mended))).report, recipe).accepts
  for (const [server, before] of Object.entries(recipe.accepts))
    expect(after[server], server).toBe(recipe.servers.includes(server) ? recipe.promised : before)
}

async function handOf(recipe: Recipe, name: string): Promise<Hand> {
  const replayed = await replay(textOf(name, 'case.json'))
  const { examined, steps, asked } = replayed
  const kit = kitOf({ farm: examined, plan: steps, asked, version, server: null })!
  const read = (der: Uint8Array): Certificate => {
    const result = parseCertificate(der)
    if (!result.ok) throw new Error(result.problem.message)
    return result.certificate
  }
  const files = (pattern: RegExp) => kit.files.filter(({ path }) => pattern.test(path))
  const minted = mint(recipe.farm)
  const known = new Map(nameable(recipe.farm).map((one) => [certificateOf(minted(one)).sha256, one]))
  return {
    recipe,
    replayed,
    imports: files(/\.cer$/).map(({ contents }) => read(contents)),
    chains: files(/fullchain[^/]*\.pem$/).map(({ contents }) =>
      [
        ...Buffer.from(contents)
          .toString()
          .matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g),
      ].map(([, text]) => read(Buffer.from(text!, 'base64'))),
    ),
    certificate: (one) => certificateOf(minted(one)),
    nameOf: ({ sha256 }) => known.get(sha256)!,
  }
}

/** The lists of a server, each put through `change`. */
function eachList(
  server: ServerRecipe,
  change: (list: readonly string[]) => readonly string[],
): ServerRecipe {
  const { sends, besides, olderClients, turns } = server
  return {
    ...server,
    ...(sends ? { sends: change(sends) } : {}),
    ...(besides ? { besides: change(besides) } : {}),
    ...(olderClients ? { olderClients: change(olderClients) } : {}),
    ...(turns ? { turns: turns.map((turn) => eachList(turn, change)) } : {}),
  }
}

/**
 * The steps for Windows: imports from the kit, removals and disabled roots change the stores, and Windows makes its list
 * of them. Stores that a recipe does not name hold what is sent, and the roots that administrators' Windows trusts.
 */
function windows(server: ServerRecipe, place: string, hand: Hand): ServerRecipe {
  const { recipe, replayed, imports, certificate, nameOf } = hand
  const actions = replayed.steps
    .filter(({ on }) => on.some((id) => id.endsWith(`@${place}`)))
    .map(({ action }) => action)
  const named = (verb: 'import' | 'remove') =>
    actions.flatMap((action) =>
      action.verb === 'import' && verb === 'import'
        ? action.certificates
        : action.verb === 'remove' && verb === 'remove'
          ? [action.certificate]
          : [],
    )
  const imported = named('import').map((sha256) => {
    const found = imports.find((one) => one.sha256 === sha256)
    expect(found, 'a certificate to import lies in the kit').toBeDefined()
    return nameOf(found!)
  })
  const removed = new Set(named('remove'))
  const crossed = actions.flatMap((action) => (action.verb === 'disable-root' ? [action] : []))
  const isDisabled = (name: string) => {
    const root = certificate(name)
    return crossed.some(({ root: sha256, twinOf }) => {
      const twin = replayed.examined.certificates.get(twinOf)!
      return (
        sha256 === root.sha256 ||
        (nameKey(twin.subject) === nameKey(root.subject) &&
          twin.publicKey.spkiSha256 === root.publicKey.spkiSha256)
      )
    })
  }
  const stays = (name: string) => !removed.has(certificate(name).sha256)
  const roots = [...(recipe.farm.options?.trustAnchors ?? ['root']), 'new-root']
  const list = (sent: readonly string[]): readonly string[] => {
    if (sent.length === 0) return sent
    const [leaf, ...rest] = sent
    const stores = server.stores ?? {
      CA: rest.filter((name) => !isSelfIssued(certificate(name))),
      Root: roots,
    }
    const read = (names: readonly string[]) => names.map(certificate)
    return windowsSends({
      leaf: certificate(leaf!),
      stores: {
        My: [certificate(leaf!)],
        CA: read([...stores.CA.filter(stays), ...imported]),
        Root: read(stores.Root.filter((name) => !isDisabled(name))),
        Disallowed: [],
      },
      at: clockOf(recipe.farm),
    }).map(nameOf)
  }
  if (actions.length === 0) return server
  if (!server.stores) return eachList(server, list)
  return { sends: list(server.stores.My) }
}

/** For whoever ends TLS without Windows: the kit's chain in place of every list with this leaf. */
function bundle(
  server: ServerRecipe,
  _place: string,
  { chains, certificate, nameOf, recipe }: Hand,
): ServerRecipe {
  expect(chains.length, 'a chain lies in the kit').toBeGreaterThan(0)
  const list = (sent: readonly string[]) => {
    const chain = chains.find(([leaf]) => leaf!.sha256 === certificate(sent[0]!).sha256)
    return chain ? chain.map(nameOf) : sent
  }
  if (!server.stores) return eachList(server, list)
  return recipe.servers.length > 0 ? { sends: list(server.stores.My) } : server
}
