import type { Certificate } from '../x509/certificate.js'
import type { JudgeInput } from './judge.js'
import { judge } from './judge.js'
import { type Release, releases } from './releases.js'
import { combinedAnchors, keyStoreAnchors, type TrustAnchors } from './trust-anchors.js'
import type { Verdict } from './verdict.js'

/**
 * The verdict with CAs that the user or device management installed. Up to 6.0 every app trusts them, user store first
 * (conscrypt TrustedCertificateStore@5.0.0_r1); from 7.0 only apps that target API 23 or less or opt in with their network
 * security config (frameworks NetworkSecurityConfig#getDefaultBuilder), so what they add there depends on the app.
 */
export function judgeWithDeviceCas(
  input: JudgeInput & { readonly anchors: TrustAnchors },
  deviceCas: readonly Certificate[],
): Verdict {
  const system = judge(input)
  if (deviceCas.length === 0 || system.kind !== 'refused') return system
  const withDevice = judge({ ...input, anchors: combinedAnchors(keyStoreAnchors(deviceCas), input.anchors) })
  if (withDevice.kind !== 'accepted' || trustsDeviceCas(input.release)) return withDevice
  const anchor = withDevice.path.certificates.at(-1)
  return {
    kind: 'depends',
    release: input.release,
    on: 'app-configuration',
    reason: {
      ...system.reason,
      detail: 'accepted only by apps that trust user-installed CAs; the default is not to',
    },
    path: withDevice.path,
    needs: anchor ? [anchor.certificate.sha256] : [],
  }
}

const trustsDeviceCas = (release: Release) => releases.indexOf(release) < releases.indexOf('7.0')
