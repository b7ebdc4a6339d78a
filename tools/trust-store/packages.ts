import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from './sources.js'

/**
 * The contents of every file in a published package, in path order. Downloads with the registry's ordinary client
 * into `folder` and refuses a package whose bytes are not the pinned ones.
 */
export function filesOf(source: Source, folder: string): Buffer[] {
  const home = join(folder, `${source.registry}-${source.name.replaceAll(':', '-')}-${source.version}`)
  mkdirSync(home)
  download(source, home)
  const archive = pathsIn(home).find((path) => /\.(whl|tgz|jar|tar\.gz)$/.test(path))
  if (archive === undefined)
    throw new Error(`${source.name} ${source.version}: the client left no package file`)
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex')
  if (sha256 !== source.sha256) {
    throw new Error(`${source.name} ${source.version}: expected SHA-256 ${source.sha256}, got ${sha256}`)
  }
  const unpacked = join(home, 'unpacked')
  unpack(archive, unpacked)
  // The Node.js package carries the release tarball inside the package tarball.
  for (const [index, inner] of pathsIn(unpacked)
    .filter((path) => path.endsWith('.tar.gz'))
    .entries()) {
    unpack(inner, join(unpacked, `inner-${index}`))
  }
  return pathsIn(unpacked).map((path) => readFileSync(path))
}

function download({ registry, name, version, form, sha256 }: Source, home: string): void {
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  if (registry === 'PyPI' && form === 'source') {
    // pip runs a source package's set-up for its metadata, so the hash must be checked before, not after.
    const requirements = join(home, 'requirements.txt')
    writeFileSync(requirements, `${name}==${version} --hash=sha256:${sha256}\n`)
    run('pip', ['download', '--quiet', '--no-deps', '--require-hashes', '-r', requirements])
  } else if (registry === 'PyPI') {
    run('pip', ['download', '--quiet', '--no-deps', '--only-binary=:all:', `${name}==${version}`])
  } else if (registry === 'npm') {
    run('npm', ['pack', '--silent', `${name}@${version}`])
  } else {
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'
    run('mvn', ['-q', '-B', `${plugin}:get`, '-Dtransitive=false', `-Dartifact=${name}:${version}`])
    run('mvn', ['-q', '-B', `${plugin}:copy`, `-Dartifact=${name}:${version}`, `-DoutputDirectory=${home}`])
  }
}

function unpack(archive: string, folder: string): void {
  mkdirSync(folder)
  // Wheels and jars are zip files.
  if (/gz$/.test(archive)) execFileSync('tar', ['-xzf', archive, '-C', folder])
  else execFileSync('python3', ['-m', 'zipfile', '-e', archive, folder])
}

const pathsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
