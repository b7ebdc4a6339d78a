import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { embedded } from './node-packages.js'

interface Locked {
  readonly version: string
  readonly integrity: string
  readonly license: string
  readonly dev?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

/** What is built into the program, as package-lock.json has it; `path` from the repository's root. */
export function shipped(
  root: string,
): readonly (Locked & { readonly name: string; readonly path: string })[] {
  return Object.entries(lockOf(root))
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, locked]) => ({ ...locked, path, name: path.replace(/^.*node_modules\//, '') }))
}
const lockOf = (root: string): Readonly<Record<string, Locked>> =>
  JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages

/**
 * CycloneDX 1.6 of the executables: what npm locked, Node.js, and the files. `npm sbom` would name neither of the last
 * two, and the folder, the time and a random number in their place.
 */
export function billOfMaterials(
  root: string,
  files: readonly { readonly name: string; readonly sha256: string }[],
): string {
  const self = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string
    version: string
    description: string
    license: string
    dependencies: Record<string, string>
  }
  const purl = (name: string, version: string) => `pkg:npm/${name.replace('@', '%40')}@${version}`
  const sha512 = (integrity: string) => [
    {
      alg: 'SHA-512',
      content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
    },
  ]
  const licences = (text: string) => [/ /.test(text) ? { expression: text } : { license: { id: text } }]
  const packages = shipped(root)
  /** As Node looks for it: in the folder of who asks, then further up. */
  const found = (from: string, name: string): string => {
    for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
      const at = packages.find(
        ({ path }) => path === `${folder === '' ? '' : `${folder}/`}node_modules/${name}`,
      )
      if (at) return purl(at.name, at.version)
      if (folder === '') throw new Error(`${name}, which ${from} needs, is not in package-lock.json`)
    }
  }
  const { version } = embedded['linux-x64']
  const node = `pkg:generic/node@${version}`
  const own = purl(self.name, self.version)
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        'bom-ref': own,
        type: 'application',
        name: self.name,
        version: self.version,
        description: self.description,
        licenses: licences(self.license),
        purl: own,
        components: files.map(({ name, sha256 }) => ({
          'bom-ref': name,
          type: 'file',
          name,
          hashes: [{ alg: 'SHA-256', content: sha256 }],
        })),
      },
    },
    components: [
      {
        'bom-ref': node,
        type: 'platform',
        name: 'node',
        version,
        description: 'Node.js, with what it is linked with itself; its licences are in LICENSES.txt',
        licenses: licences('MIT'),
        purl: node,
        components: Object.values(embedded).map(({ name, integrity }) => ({
          'bom-ref': purl(name, version),
          type: 'platform',
          name,
          version,
          purl: purl(name, version),
          hashes: sha512(integrity),
        })),
      },
      ...packages.map(({ name, version, license, integrity }) => ({
        'bom-ref': purl(name, version),
        type: 'library',
        name,
        version,
        licenses: licences(license),
        purl: purl(name, version),
        hashes: sha512(integrity),
      })),
    ],
    dependencies: [
      {
        ref: own,
        dependsOn: [node, ...Object.keys(self.dependencies).map((name) => found('', name))],
      },
      ...packages.map(({ name, version, path, dependencies = {} }) => ({
        ref: purl(name, version),
        dependsOn: Object.keys(dependencies).map((needed) => found(path, needed)),
      })),
    ],
  }
  const hex = createHash('sha256').update(JSON.stringify(bill)).digest('hex')
  // Version 8: of the maker's own making, here from what it says.
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  return `${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`
}
