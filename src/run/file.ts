import type { Offered } from '../containers/bundle.js'
import { type Pause, repaired } from '../examine/examine.js'
import { examineFile } from '../examine/file.js'
import { settingsOf } from '../examine/settings.js'
import type { Asked, AskedFiles } from '../farm/asked.js'
import { devicesOf } from '../farm/inventory.js'
import { fileSubject, type LiveServer, type ServerName } from '../farm/subject.js'
import { parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { policyOf } from '../gate/policy.js'
import type { Network } from '../network/network.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued, type Sha256, sha256Of } from '../x509/identity.js'
import { type Checked, type Judging, toldOf } from './told.js'

/** A file that was read. */
export interface ReadFile {
  /** As on the command line. */
  readonly path: string
  readonly digest: Sha256
  readonly offered: Offered
}

export const readFileOf = (path: string, bytes: Uint8Array, offered: Offered): ReadFile => ({
  path,
  digest: sha256Of(bytes),
  offered,
})

/**
 * Judges files as if they were served under one name, `asked.target`: every certificate of them that a server could have
 * bound is a subject of its own.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION, ADFS_CHECK_BAD_FILE
 */
export async function checkFiles(
  files: readonly ReadFile[],
  asked: Asked & { readonly files: AskedFiles },
  network: Pick<Network, 'fetch'>,
  at: Date,
  { pause, ...judging }: Judging & { readonly pause: Pause },
  against: readonly LiveServer[] | null = null,
): Promise<Checked> {
  const name = nameOf(asked.target)
  const { server } = asked.files
  const devices = devicesOf(asked.inventory?.nodes ?? [], asked.tlsEndsAt ?? null)
  const subjects = files.flatMap(({ path, digest, offered }) =>
    boundBy(path, offered).map((leaf, nth) =>
      fileSubject({ name, digest, path, leaf, offered, server, devices, against }, nth),
    ),
  )
  const settings = settingsOf(asked, policyOf(asked), at)
  const { stores } = asked.files
  const held =
    stores.length === 0
      ? null
      : stores.flatMap(({ certificates }) => certificates.map(({ certificate }) => certificate))
  const examined = await repaired(
    subjects.map((subject) => examineFile(subject, held, settings)),
    settings,
    network,
    pause,
  )
  const farm = {
    id: name.display,
    name,
    names: [name],
    address: null,
    port: 443,
    ports: [443],
    subjects,
    unresolved: [],
    leftOut: [],
  }
  return toldOf(farm, examined, settings, asked, judging)
}

function nameOf(text: string): ServerName {
  const { name, displayName, isAddress } = parseTarget(text)
  if (isAddress)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `--name ${text} is an address.`, {
      hint: 'Give the name that phones use, for example sts.contoso.com.',
    })
  return { ascii: name, display: displayName }
}

/**
 * What could be bound: certificates that a key of the file fits; without such a key all that are no authority; and where
 * there is nothing but one self-signed certificate, that.
 */
export function boundBy(path: string, { certificates, keys }: Offered): readonly Certificate[] {
  const fitting = new Set(keys.flatMap(({ fits }) => fits))
  const keyed = certificates.filter(({ sha256 }) => fitting.has(sha256))
  if (keyed.length > 0) return keyed
  const plain = certificates.filter(({ basicConstraints }) => !basicConstraints?.ca)
  if (plain.length > 0) return plain
  if (certificates.length === 1 && certificates.every(isSelfIssued)) return certificates
  throw new AdfsCheckFault(
    'ADFS_CHECK_BAD_FILE',
    `${path} holds authorities only, no certificate to be bound.`,
    {
      hint: 'Name the file of the server certificate, and give this one with --store or --intermediates.',
    },
  )
}
