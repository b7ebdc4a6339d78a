import { defaultTimeoutMs } from '../farm/asked.js'
import { type Realm, realmHost, realmOf, realmUrl, userSuffix } from '../farm/realm.js'
import { AdfsCheckFault } from '../fault.js'
import { neutralised } from '../formats/terminal-text.js'
import type { Gated } from '../gate/gate.js'
import { live } from '../network/live/live.js'
import { exitUnfinished } from './exit-code.js'
import type { Machine } from './machine.js'
import type { CheckFlags } from './options.js'
import { proxyFor } from './proxy.js'

/** A target in place of users, with the suffixes that lead to it. */
export interface Discovered {
  readonly target: string
  readonly suffixes: readonly string[]
}

/** Whether a target is a user, `user@contoso.com`. */
export const isUser = (target: string): boolean => target.includes('@') && userSuffix(target) !== null

/**
 * Targets with users replaced by the federation service of their domain, as Microsoft says it; each service once.
 * `missed` have none, which is said. What users are asked about is said first: only their domain leaves this machine.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION with --offline
 */
export async function federationOf(
  targets: readonly string[],
  flags: Pick<CheckFlags, 'offline' | 'proxy' | 'timeout'>,
  machine: Machine,
): Promise<{ readonly found: readonly Discovered[]; readonly missed: number }> {
  const say = (text: string) => void machine.err.write(`adfs-check: ${neutralised(text)}\n`)
  const suffixes = [...new Set(targets.flatMap((target) => userSuffix(target) ?? []))]
  if (flags.offline)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      `Where users of ${suffixes.join(', ')} sign in is asked of Microsoft, and --offline asks nobody.`,
      { hint: 'Name the federation service: adfs-check sts.contoso.com' },
    )
  say(`asking Microsoft (${realmHost}) where ${suffixes.join(', ')} signs in; only the domain is sent.`)
  const network = live({
    timeoutMs: flags.timeout ?? defaultTimeoutMs,
    proxy: proxyFor(realmHost, flags.proxy, machine.env),
    offline: false,
    aiaAllowPrivate: false,
    signal: machine.signal,
  })
  const realms = new Map<string, Realm>()
  for (const suffix of suffixes)
    realms.set(suffix, realmOf(await network.fetch({ url: realmUrl(suffix), purpose: 'realm' })))
  const found = new Map<string, string[]>()
  let missed = 0
  for (const target of targets) {
    const suffix = userSuffix(target)
    const realm = suffix === null ? null : realms.get(suffix)!
    if (realm !== null && realm.kind !== 'federated') {
      missed++
      continue
    }
    const name = realm?.target ?? target
    found.set(name, [...(found.get(name) ?? []), ...(suffix === null ? [] : [suffix])])
  }
  for (const [suffix, realm] of realms) say(told(suffix, realm))
  const services = new Set(
    [...realms.values()].flatMap((realm) => (realm.kind === 'federated' ? [realm.target] : [])),
  )
  if (services.size > 1)
    say(
      'these domains sign in at different federation services. Where one domain works and another does not: adfs-check explain multiple-domains',
    )
  return {
    found: [...found].map(([target, own]) => ({ target, suffixes: [...new Set(own)] })),
    missed,
  }
}

/**
 * Checks the federation services of users beside the other targets; the exit code of the worst, where a domain without one
 * is not checked. Where everything is in order, the certificates are not why somebody cannot sign in.
 */
export async function checkUsers(
  targets: readonly string[],
  flags: CheckFlags,
  machine: Machine,
  check: (found: readonly Discovered[], seen: (checked: Gated) => void) => Promise<number>,
): Promise<number> {
  const { found, missed } = await federationOf(targets, flags, machine)
  // A list is checked all the same.
  if (found.length === 0 && flags.targets === undefined) return exitUnfinished
  const verdicts = new Set<string>()
  const code = await check(found, ({ report }) => void verdicts.add(report.verdict))
  // Exit code 0 may be of a warning, or of a part of a list that holds none of them.
  if (missed === 0 && code === 0 && [...verdicts].join() === 'ok')
    machine.err.write(
      'adfs-check: the certificates are in order. If users of one domain alone cannot sign in: adfs-check explain multiple-domains\n',
    )
  return missed > 0 && code < 2 ? exitUnfinished : code
}

function told(suffix: string, realm: Realm): string {
  const byName = 'name the federation service: adfs-check sts.contoso.com'
  switch (realm.kind) {
    case 'federated':
      return `users of ${suffix} sign in at ${realm.target}.${
        realm.isAdfs
          ? ''
          : ` Its address ${realm.url} is none of AD FS: the verdict holds, what is to be done on Windows may not.`
      }`
    case 'managed':
      return `${suffix} is not AD FS: it is a managed domain, whose users sign in at Microsoft. Nothing is checked; certificates of your servers have no part in that sign-in.`
    case 'unknown':
      return `Microsoft does not know ${suffix}: see how it is spelt, or ${byName}`
    case 'unanswered':
      return `where ${suffix} signs in could not be learnt (${realm.why}); ${byName}`
  }
}
