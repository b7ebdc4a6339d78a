import { isTwin, type Stores, windowsSends } from '../adfs/chain-engine.js'
import { helloOf } from '../android/hellos.js'
import { releases as allReleases } from '../android/releases.js'
import { rootsNamed } from '../android/trust-store.js'
import type { FileSubject } from '../farm/subject.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued } from '../x509/identity.js'
import type { Condition, Prediction, Seen } from './examination.js'
import type { Presented } from './presented.js'
import { judgePresented } from './served.js'
import type { Settings } from './settings.js'

/**
 * Judges a certificate of a file as if a Windows server had it bound: the list is what Windows builds of the file and of
 * `held`, the certificates that the server is said to hold. `held` null: nothing was said of it.
 */
export function examineFile(
  subject: FileSubject,
  held: readonly Certificate[] | null,
  settings: Settings,
): Seen {
  const told = allReleases.filter(
    (release) => settings.releases.includes(release) || settings.others.includes(release),
  )
  const stores = storesWith(subject, held ?? [])
  const chain = windowsSends({ leaf: subject.leaf, stores, at: settings.at })
  const presented = presentedOf(chain, settings)
  const answer = 'a1'
  return {
    kind: 'seen',
    subject,
    attempts: [],
    answers: [
      {
        id: answer,
        entries: presented.entries,
        exchanges: [{ offer: 'file', nth: 0, sni: true, ended: 'authenticated', presented }],
      },
    ],
    reach: told.map((release) => ({
      release,
      evidence: { kind: 'not-asked', shape: helloOf(release).shape },
      answers: [answer],
    })),
    withoutName: null,
    varying: [],
    verdicts: judgePresented(presented, told, settings, subject).map((verdict) => ({
      release: verdict.release,
      answer,
      verdict,
    })),
    prediction: { ...otherwise(chain, stores, subject, settings), storesKnown: held !== null },
    repairs: [],
  }
}

/** Who imports a file by the wizard lets it sort: authorities into CA, what signs itself into Root, the leaf into My. */
function storesWith({ leaf, offered }: FileSubject, held: readonly Certificate[]): Stores {
  const all = [...offered.certificates, ...held].filter(({ sha256 }) => sha256 !== leaf.sha256)
  return {
    CA: all.filter((certificate) => !isSelfIssued(certificate)),
    My: [leaf],
    Root: all.filter(isSelfIssued),
    Disallowed: [],
  }
}

const presentedOf = (chain: readonly Certificate[], settings: Settings): Presented => ({
  entries: settings.entries(chain.map(({ der }) => der)),
  staple: null,
  timestamps: null,
  handshake: null,
})

/**
 * A cross-signed authority has a self-signed twin that Windows may trust, and often fetches by itself: then it sends the
 * shorter chain (KB2831004).
 */
function otherwise(
  chain: readonly Certificate[],
  stores: Stores,
  subject: FileSubject,
  settings: Settings,
): Pick<Prediction, 'unless' | 'otherwise'> {
  const twins = chain
    .slice(1)
    .flatMap((crossed) =>
      rootsNamed(crossed.subject).flatMap(({ certificate }) =>
        certificate && isTwin(certificate, crossed) ? [{ certificate, crossed }] : [],
      ),
    )
  if (twins.length === 0) return { unless: [], otherwise: null }
  const unless = new Map<string, Condition>(
    twins.map(({ certificate, crossed }) => [
      certificate.sha256,
      { kind: 'root-disabled', root: certificate.sha256, twinOf: crossed.sha256 },
    ]),
  )
  const Root = [...stores.Root, ...twins.map(({ certificate }) => certificate)]
  const shorter = windowsSends({ leaf: subject.leaf, stores: { ...stores, Root }, at: settings.at })
  const verdicts = judgePresented(presentedOf(shorter, settings), settings.releases, settings, subject)
  return { unless: [...unless.values()], otherwise: { chain: shorter, verdicts } }
}
