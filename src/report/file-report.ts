import type { Seen } from '../examine/examination.js'
import { differencesOf } from '../gate/difference.js'
import { instant } from './instant.js'
import type { SubjectReport } from './schema.js'

/** What is told of a file beside the list that it makes; nothing of a server. */
export function fileReport(seen: Seen): Pick<SubjectReport, 'file'> {
  const { subject, prediction } = seen
  if (subject.kind !== 'file') return {}
  const { path, offered } = subject
  const file = {
    path,
    container: offered.container,
    safes: [...(offered.protection?.safes ?? [])],
    mac: offered.protection?.mac ?? null,
    keys: offered.keys.map(({ kind, cipher, provider, fits, problem }) => ({
      kind,
      cipher,
      provider,
      fits: [...fits],
      problem,
    })),
    problems: [...offered.problems],
    unless: (prediction?.unless ?? []).flatMap((condition) =>
      condition.kind === 'root-disabled' ? [{ root: condition.root, twinOf: condition.twinOf }] : [],
    ),
    ...(subject.devices.length === 0 ? {} : { devices: [...subject.devices] }),
    against: differencesOf(seen).map(({ notAfter, names, releases, key, issuer, ...rest }) => ({
      ...rest,
      names: { gained: [...names.gained], lost: [...names.lost] },
      releases: { gained: [...releases.gained], lost: [...releases.lost] },
      key: { ...key },
      issuer: { ...issuer },
      notAfter: { was: notAfter.was && instant(notAfter.was), is: instant(notAfter.is) },
    })),
  }
  return { file }
}
