import type { KeyObject } from 'node:crypto'
import {
  type Issued,
  type IssueOptions,
  issue,
  type KeyKind,
  keyOf,
  pemOf,
  sequence,
  tlv,
} from '../../src/demo/authority.js'
import { certificateOf } from '../support/certificate-of.js'
import { type CertificateRecipe, type FarmRecipe, world } from './recipe.js'

export type Minted = (name: string) => Issued

/** The certificates of one farm, issued when they are asked for: the same recipe gives the same bytes. */
export function mint({ certificates = {} }: FarmRecipe): Minted {
  const known = new Map<string, Issued>()
  const get = (name: string): Issued => {
    const recipe = { ...world.certificates[name], ...certificates[name] }
    if (!world.certificates[name] && !certificates[name]) throw new Error(`no certificate "${name}"`)
    const issued = known.get(name) ?? (recipe.der ? published(recipe.der) : issue(optionsOf(recipe, get)))
    known.set(name, issued)
    return issued
  }
  return get
}

/** Certificates that the recipes of all farms could name; names that must exist. */
export const nameable = ({ certificates = {} }: FarmRecipe): readonly string[] => [
  ...new Set([...Object.keys(world.certificates), ...Object.keys(certificates)]),
]

function optionsOf(recipe: CertificateRecipe, get: Minted): IssueOptions {
  const { subject = '', issuer, key = 'rsa-2048', from, to, names, aia, spki, permitted, padding } = recipe
  const { authorityKeyIdentifier, purposes, keyUsage, ca, hash, version, keyName } = recipe
  const extensions = [
    ...(permitted ? [{ oid: '2.5.29.30', critical: true, value: constraints(permitted) }] : []),
    ...(padding ? [{ oid: '1.2.3.4.5', value: tlv(0x04, Buffer.alloc(padding)) }] : []),
  ]
  return {
    subject: subject as IssueOptions['subject'],
    key: key as KeyKind,
    ...(keyName ? { keyName } : {}),
    ...(issuer ? { issuer: get(issuer) } : {}),
    ...(ca ? { ca } : {}),
    ...(from ? { notBefore: new Date(from) } : {}),
    ...(to ? { notAfter: new Date(to) } : {}),
    ...(names ? { names } : {}),
    ...(aia ? { caIssuers: aia } : {}),
    ...(hash ? { hash } : {}),
    ...(version ? { version } : {}),
    ...(keyUsage ? { keyUsage } : {}),
    ...(purposes ? { extendedKeyUsage: purposes } : {}),
    ...(authorityKeyIdentifier ? { authorityKeyIdentifier: Buffer.from(authorityKeyIdentifier, 'hex') } : {}),
    ...(spki ? { spki: Buffer.from(spki, 'base64') } : {}),
    extensions,
  }
}

const constraints = (permitted: readonly string[]): Buffer =>
  sequence(tlv(0xa0, ...permitted.map((name) => sequence(tlv(0x82, Buffer.from(name))))))

/** A certificate of public record; its key is its owner's, so a key of ours stands in where a type wants one. */
function published(base64: string): Issued {
  const der = Buffer.from(base64, 'base64')
  const { subject, publicKey, serialNumber } = certificateOf(der)
  const key: KeyObject = keyOf('P-256', 'nobody')
  return {
    der,
    pem: pemOf(der),
    key,
    keyPem: '',
    subjectDer: subject.der,
    spki: publicKey.spki,
    subjectKeyIdentifier: null,
    serialNumber: Buffer.from(serialNumber, 'hex'),
  }
}
