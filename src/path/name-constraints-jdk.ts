import type { Certificate } from '../x509/certificate.js'
import { DerError, onlyElement } from '../x509/der.js'
import { readName, stringOf } from '../x509/name.js'
import {
  isIpv4Text,
  isJdkDnsName,
  type JdkName,
  PlatformCrash,
  rdnKeys,
  relation,
} from './general-names-jdk.js'
import { type JdkSubtree, jdkView } from './view-jdk.js'

/**
 * The name constraints gathered along a path as OpenJDK's NameConstraintsExtension and GeneralSubtrees gather them.
 * Null lists: nothing said. Lists are changed in place while merging, as there; nothing outside sees them.
 */
export interface JdkConstraints {
  permitted: JdkSubtree[] | null
  excluded: JdkSubtree[] | null
}

/** What the path demands below `certificate`; null: nothing yet. Throws `PlatformCrash` and `DerError`. */
export function mergeConstraints(
  soFar: JdkConstraints | null,
  certificate: Certificate,
): JdkConstraints | null {
  const { nameConstraints } = jdkView(certificate)
  const own = nameConstraints && {
    permitted: copy(nameConstraints.permitted),
    excluded: copy(nameConstraints.excluded),
  }
  if (!soFar || !own) return soFar ?? own
  const merged: JdkConstraints = {
    permitted: soFar.permitted,
    excluded:
      soFar.excluded && own.excluded ? union(soFar.excluded, own.excluded) : (soFar.excluded ?? own.excluded),
  }
  if (!merged.permitted) {
    merged.permitted = own.permitted
  } else if (own.permitted) {
    const nothingLeft = intersect(merged.permitted, own.permitted)
    if (nothingLeft) merged.excluded = merged.excluded ? union(merged.excluded, nothingLeft) : nothingLeft
  }
  if (merged.permitted && merged.excluded) reduce(merged.permitted, merged.excluded)
  // The JDK encodes what it has merged, and reads no party name that it could write again.
  const isEdi = ({ name }: JdkSubtree): boolean => name.kind === 'edi'
  if (merged.permitted?.some(isEdi) || merged.excluded?.some(isEdi))
    throw new DerError('an ediPartyName constraint', 0)
  return merged
}

const copy = (subtrees: readonly JdkSubtree[] | null): JdkSubtree[] | null => subtrees && [...subtrees]

/** The first name of the certificate that the constraints forbid, as text; null: none. */
export function constraintViolation(constraints: JdkConstraints, certificate: Certificate): string | null {
  const all = [...(constraints.permitted ?? []), ...(constraints.excluded ?? [])]
  if (all.some(({ hasDistance }) => hasDistance)) return 'base distances are not supported'
  const rdns = readName(onlyElement(certificate.subject.der))
  const subject: JdkName = { kind: 'directory', rdns: rdnKeys(rdns) }
  if (rdns.length > 0 && !isAllowed(constraints, subject)) return `subject "${certificate.subject.text}"`
  const names = jdkView(certificate).names ?? emailsOf(certificate)
  const forbidden = [...names, ...hostInCommonName(certificate, names)].find(
    (name) => !isAllowed(constraints, name),
  )
  return forbidden ? nameText(forbidden) : null
}

/** Without a subjectAltName, e-mail addresses in the subject count. */
function emailsOf(certificate: Certificate): JdkName[] {
  return readName(onlyElement(certificate.subject.der))
    .flat()
    .filter(({ oid }) => oid === '1.2.840.113549.1.9.1')
    .map((attribute) => stringOf(attribute) ?? '')
    .filter((text) => text.slice(text.indexOf('@') + 1) !== '')
    .map((text) => ({ kind: 'email', text: text.toLowerCase() }))
}

/** JDK 8u201 and later: the last common name counts as a host where the SAN names none of its kind. */
function hostInCommonName(certificate: Certificate, names: readonly JdkName[]): JdkName[] {
  const rdns = readName(onlyElement(certificate.subject.der))
  const attribute = rdns.flat().findLast(({ oid }) => oid === '2.5.4.3')
  const text = attribute ? stringOf(attribute) : null
  if (text === null) return []
  if (isIpv4Text(text)) {
    const octets = Uint8Array.from(text.split('.'), Number)
    return names.some(({ kind }) => kind === 'ip') ? [] : [{ kind: 'ip', octets }]
  }
  if (!isJdkDnsName(text) || names.some(({ kind }) => kind === 'dns')) return []
  return [{ kind: 'dns', text: text.toLowerCase() }]
}

function isAllowed({ permitted, excluded }: JdkConstraints, name: JdkName): boolean {
  for (const subtree of excluded ?? []) {
    const how = relation(subtree.name, name)
    if (how === 'match' || how === 'narrows') return false
  }
  let sameType = false
  for (const subtree of permitted ?? []) {
    const how = relation(subtree.name, name)
    if (how === 'match' || how === 'narrows') return true
    if (how !== 'different-type') sameType = true
  }
  return !sameType
}

/** GeneralSubtrees#minimize: drops what another entry of the list already covers. */
function minimize(subtrees: JdkSubtree[]): void {
  for (let i = 0; i < subtrees.length - 1; i++) {
    let covered = false
    for (let j = i + 1; j < subtrees.length && !covered; j++) {
      const how = relation(subtrees[i]!.name, subtrees[j]!.name)
      if (how === 'narrows') subtrees.splice(j--, 1)
      else covered = how === 'match' || how === 'widens'
    }
    if (covered) subtrees.splice(i--, 1)
  }
}

function union(self: JdkSubtree[], other: readonly JdkSubtree[]): JdkSubtree[] {
  self.push(...other)
  minimize(self)
  return self
}

/**
 * GeneralSubtrees#intersect: leaves in `self` what both lists permit. Returns the types of which nothing is left, as
 * subtrees to exclude altogether; null: none.
 */
function intersect(self: JdkSubtree[], other: JdkSubtree[]): JdkSubtree[] | null {
  if (self.length === 0) {
    union(self, other)
    return null
  }
  minimize(self)
  minimize(other)
  const narrower: JdkSubtree[] = []
  let nothingLeft: JdkSubtree[] | null = null
  for (let i = 0; i < self.length; i++) {
    const entry = self[i]!
    let sameType = false
    for (const candidate of other) {
      const how = relation(entry.name, candidate.name)
      if (how === 'different-type') continue
      sameType = how === 'same-type'
      if (sameType) continue
      if (how === 'narrows') {
        self.splice(i--, 1)
        narrower.push(candidate)
      }
      break
    }
    if (!sameType) continue
    const meets = self.some(
      (mine) =>
        mine.name.kind === entry.name.kind &&
        other.some((theirs) => !['same-type', 'different-type'].includes(relation(mine.name, theirs.name))),
    )
    if (!meets) nothingLeft = [...(nothingLeft ?? []), everythingOf(entry.name)]
    self.splice(i--, 1)
  }
  if (narrower.length > 0) union(self, narrower)
  for (const candidate of other) {
    const first = self.findIndex(({ name }) => relation(name, candidate.name) !== 'different-type')
    if (first < 0 && self.length > 0) self.push(candidate)
  }
  return nothingLeft
}

/** GeneralSubtrees#createWidestSubtree: the JDK can write down "every name" for directory names only. */
function everythingOf(name: JdkName): JdkSubtree {
  if (name.kind !== 'directory')
    throw new PlatformCrash(`permitted ${name.kind} names that leave nothing in common`)
  return { name: { kind: 'directory', rdns: [] }, hasDistance: false }
}

function reduce(permitted: JdkSubtree[], excluded: readonly JdkSubtree[]): void {
  for (const { name } of excluded) {
    for (let j = 0; j < permitted.length; j++) {
      const how = relation(name, permitted[j]!.name)
      if (how === 'match' || how === 'narrows') permitted.splice(j--, 1)
    }
  }
}

function nameText(name: JdkName): string {
  switch (name.kind) {
    case 'dns':
    case 'email':
      return `${name.kind} ${name.text}`
    case 'uri':
      return `URI host ${name.host}`
    case 'ip':
      return `address ${name.octets.join('.')}`
    default:
      return `a ${name.kind} name`
  }
}
