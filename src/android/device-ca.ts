import type { Budget } from '../path/limits.js'
import type { Certificate } from '../x509/certificate.js'
import { type JudgeInput, judge, judgeAll } from './judge.js'
import { releaseRules } from './release-rules.js'
import { releases as allReleases, type Release } from './releases.js'
import { combinedAnchors, keyStoreAnchors, nameKeyOf, type TrustAnchors } from './trust-anchors.js'
import type { Verdict } from './verdict.js'

type Input = Omit<JudgeInput, 'release' | 'anchors'> & {
  readonly anchors: (release: Release) => TrustAnchors
}

/**
 * Verdicts with CAs that the user or device management installed. Up to 6.0 every app trusts them, user store first
 * (conscrypt TrustedCertificateStore@5.0.0_r1); from 7.0 only apps that target API 23 or less or opt in with their network
 * security config (frameworks NetworkSecurityConfig#getDefaultBuilder), so what they add there depends on the app.
 */
export function judgeAllWithDeviceCas(
  input: Input,
  releases: readonly Release[],
  deviceCas: readonly Certificate[],
  within?: Budget,
): readonly Verdict[] {
  const system = judgeAll(input, releases, within)
  return deviceCas.length === 0 ? system : system.map((verdict) => withDeviceCas(verdict, input, deviceCas))
}

function withDeviceCas(system: Verdict, input: Input, deviceCas: readonly Certificate[]): Verdict {
  if (system.kind !== 'refused') return system
  const { release } = system
  const anchors = combinedAnchors(
    keyStoreAnchors(deviceCas, nameKeyOf(releaseRules[release])),
    input.anchors(release),
  )
  const withDevice = judge({ ...input, release, anchors })
  if (withDevice.kind !== 'accepted' || trustsDeviceCas(release)) return withDevice
  const anchor = withDevice.path.certificates.at(-1)
  return {
    kind: 'depends',
    release,
    on: 'app-configuration',
    reason: {
      ...system.reason,
      detail: 'accepted only by apps that trust user-installed CAs; the default is not to',
    },
    path: withDevice.path,
    needs: anchor ? [anchor.certificate.sha256] : [],
  }
}

const trustsDeviceCas = (release: Release) => allReleases.indexOf(release) < allReleases.indexOf('7.0')
