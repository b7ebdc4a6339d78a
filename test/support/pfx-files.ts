import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issue } from '../../src/demo/authority.js'

const root = issue({ subject: 'Files Root', ca: true })
const issuing = issue({ subject: 'Files Issuing CA', issuer: root, ca: true })
const name = 'sts.contoso.test'
const leaf = issue({ subject: name, issuer: issuing, names: [name, `certauth.${name}`] })

/** Writes `whole.pfx` and `leaf alone.pfx` for sts.contoso.test by OpenSSL, `password` of both and `pfx root.pem`. */
export function writePfxFiles(folder: string): void {
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('pfx root.pem', root.pem)
  write('password', 'secret\n')
  write('leaf.key', leaf.keyPem)
  for (const [file, certificates] of [
    ['whole', [leaf, issuing]],
    ['leaf alone', [leaf]],
  ] as const) {
    write('certificates.pem', certificates.map(({ pem }) => pem).join(''))
    const asked = ['pkcs12', '-export', '-inkey', 'leaf.key', '-in', 'certificates.pem']
    execFileSync('openssl', [...asked, '-out', `${file}.pfx`, '-passout', 'pass:secret'], { cwd: folder })
  }
}
