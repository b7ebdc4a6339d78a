import type { Certificate } from '../x509/certificate.js'
import { onlyElement } from '../x509/der.js'
import { readName, stringOf } from '../x509/name.js'
import { domainFilter } from './domain-filter.js'
import { type LibcoreName, PlatformCrash, type Relation, rdnKeys, relation } from './general-names-libcore.js'
import type { Budget } from './limits.js'
import { type LibcoreSubtree, libcoreView } from './view-libcore.js'

/** Lists as GeneralSubtrees; null: nothing said. Changed in place while merging, as there. */
interface Lists {
  permitted: LibcoreSubtree[] | null
  excluded: LibcoreSubtree[] | null
}

/**
 * Name constraints gathered along a path, as libcore's NameConstraintsExtension and GeneralSubtrees do it. Methods
 * throw `PlatformCrash` where they throw a RuntimeException, and `LimitReached`.
 */
export class LibcoreNameConstraints {
  #lists: Lists | null = null
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** The first name of the certificate that the constraints forbid, as text; null: none. */
  violation(certificate: Certificate): string | null {
    if (!this.#lists) return null
    const { permitted, excluded } = this.#lists
    const all = [...(permitted ?? []), ...(excluded ?? [])]
    if (all.some(({ hasDistance }) => hasDistance)) return 'base distances are not supported'
    const rdns = readName(onlyElement(certificate.subject.der))
    const subject: LibcoreName = { kind: 'directory', rdns: rdnKeys(rdns) }
    const mayCover = domainFilter(all.flatMap(({ name }) => (name.kind === 'dns' ? [name.text] : [])))
    const isAllowed = (name: LibcoreName): boolean => this.#isAllowed({ permitted, excluded }, name, mayCover)
    if (rdns.length > 0 && !isAllowed(subject)) return `subject "${certificate.subject.text}"`
    const names = libcoreView(certificate).names ?? emailsOf(certificate)
    for (const name of names) {
      if (!isAllowed(name)) return nameText(name) + dottedNote(name, permitted)
    }
    return null
  }

  /** Adds what the certificate demands of those below it; says what is wrong with it, or null. */
  add(certificate: Certificate): string | null {
    const { nameConstraints } = libcoreView(certificate)
    const own = nameConstraints && {
      permitted: copy(nameConstraints.permitted),
      excluded: copy(nameConstraints.excluded),
    }
    const lists = this.#lists
    if (!lists || !own) {
      this.#lists = lists ?? own
      return null
    }
    lists.excluded =
      lists.excluded && own.excluded
        ? this.#union(lists.excluded, own.excluded)
        : (lists.excluded ?? own.excluded)
    if (!lists.permitted) {
      lists.permitted = own.permitted
    } else if (own.permitted) {
      const nothingLeft = this.#intersect(lists.permitted, own.permitted)
      if (nothingLeft)
        lists.excluded = lists.excluded ? this.#union(lists.excluded, nothingLeft) : nothingLeft
    }
    if (lists.permitted && lists.excluded) this.#reduce(lists.permitted, lists.excluded)
    // libcore encodes what it has merged, and reads no party name that it could write again.
    const isEdi = ({ name }: LibcoreSubtree): boolean => name.kind === 'edi'
    return lists.permitted?.some(isEdi) || lists.excluded?.some(isEdi) ? 'an ediPartyName constraint' : null
  }

  #isAllowed(
    { permitted, excluded }: Lists,
    name: LibcoreName,
    mayCover: (name: string) => boolean,
  ): boolean {
    if (name.kind === 'dns' && !mayCover(name.text))
      return !permitted?.some((subtree) => subtree.name.kind === 'dns')
    this.#budget.compare((permitted?.length ?? 0) + (excluded?.length ?? 0))
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
  #minimize(subtrees: LibcoreSubtree[]): void {
    for (let i = 0; i < subtrees.length - 1; i++) {
      let covered = false
      for (let j = i + 1; j < subtrees.length && !covered; j++) {
        const how = this.#relation(subtrees[i]!, subtrees[j]!.name)
        if (how === 'narrows') subtrees.splice(j--, 1)
        else covered = how === 'match' || how === 'widens'
      }
      if (covered) subtrees.splice(i--, 1)
    }
  }

  #union(self: LibcoreSubtree[], other: readonly LibcoreSubtree[]): LibcoreSubtree[] {
    self.push(...other)
    this.#minimize(self)
    return self
  }

  /**
   * GeneralSubtrees#intersect: leaves in `self` what both lists permit. Returns the types of which nothing is left, as
   * subtrees to exclude altogether; null: none.
   */
  #intersect(self: LibcoreSubtree[], other: LibcoreSubtree[]): LibcoreSubtree[] | null {
    if (self.length === 0) {
      this.#union(self, other)
      return null
    }
    this.#minimize(self)
    this.#minimize(other)
    const narrower: LibcoreSubtree[] = []
    let nothingLeft: LibcoreSubtree[] | null = null
    for (let i = 0; i < self.length; i++) {
      const entry = self[i]!
      let sameType = false
      for (const candidate of other) {
        const how = this.#relation(entry, candidate.name)
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
          other.some(
            (theirs) => !['same-type', 'different-type'].includes(this.#relation(mine, theirs.name)),
          ),
      )
      if (!meets) nothingLeft = [...(nothingLeft ?? []), everythingOf(entry.name)]
      self.splice(i--, 1)
    }
    if (narrower.length > 0) this.#union(self, narrower)
    for (const candidate of other) {
      const first = self.findIndex((entry) => this.#relation(entry, candidate.name) !== 'different-type')
      if (first < 0 && self.length > 0) self.push(candidate)
    }
    return nothingLeft
  }

  #reduce(permitted: LibcoreSubtree[], excluded: readonly LibcoreSubtree[]): void {
    for (const subtree of excluded) {
      for (let j = 0; j < permitted.length; j++) {
        const how = this.#relation(subtree, permitted[j]!.name)
        if (how === 'match' || how === 'narrows') permitted.splice(j--, 1)
      }
    }
  }

  #relation(subtree: LibcoreSubtree, name: LibcoreName): Relation {
    this.#budget.compare(1)
    return relation(subtree.name, name)
  }
}

const copy = (subtrees: readonly LibcoreSubtree[] | null): LibcoreSubtree[] | null =>
  subtrees && [...subtrees]

/** GeneralSubtrees#createWidestSubtree: it can write down "every name" for directory names only. */
function everythingOf(name: LibcoreName): LibcoreSubtree {
  if (name.kind !== 'directory')
    throw new PlatformCrash(`permitted ${name.kind} names that leave nothing in common`)
  return { name: { kind: 'directory', rdns: [] }, hasDistance: false }
}

/** Without a subjectAltName, e-mail addresses in the subject count; a common name never does. */
function emailsOf(certificate: Certificate): LibcoreName[] {
  return readName(onlyElement(certificate.subject.der))
    .flat()
    .filter(({ oid }) => oid === '1.2.840.113549.1.9.1')
    .map((attribute) => stringOf(attribute) ?? '')
    .filter((text) => text.slice(text.indexOf('@') + 1) !== '')
    .map((text) => ({ kind: 'email', text: text.toLowerCase() }))
}

/** Whether a permitted dNSName would cover the name but for the dot it begins with, so that here it covers nothing. */
export const failsByItsDot = ({ name: base }: LibcoreSubtree, host: string): boolean =>
  base.kind === 'dns' && base.text.startsWith('.') && host.toLowerCase().endsWith(base.text)

function dottedNote(name: LibcoreName, permitted: readonly LibcoreSubtree[] | null): string {
  const dotted = name.kind === 'dns' && permitted?.find((subtree) => failsByItsDot(subtree, name.text))
  return dotted
    ? `, since the permitted ${nameText(dotted.name)} begins with a dot and so covers nothing,`
    : ''
}

function nameText(name: LibcoreName): string {
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
