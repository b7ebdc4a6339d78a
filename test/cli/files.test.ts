import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadCertificates, readPassword } from '../../src/cli/files.js'
import { issue } from '../../src/demo/authority.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)
const { pem } = issue({ subject: 'A Root', ca: true })

const fault = (hint: RegExp) =>
  expect.objectContaining({ code: 'ADFS_CHECK_BAD_FILE', message: expect.stringMatching(hint) })
const load = (...names: string[]) => loadCertificates(names, undefined)

/** A file of that size that takes no room on the disk. */
function sized(name: string, bytes: number): string {
  writeFileSync(path(name), pem)
  truncateSync(path(name), bytes)
  return path(name)
}

describe('files of certificates', () => {
  it('come with where they are from, those of a folder in order of their names', async () => {
    mkdirSync(path('two'))
    writeFileSync(path('two/b.pem'), pem)
    writeFileSync(path('two/a.CER'), pem)
    writeFileSync(path('two/notes.txt'), 'no certificate')
    expect((await load(path('two'))).map(({ from }) => from)).toEqual([path('two/a.CER'), path('two/b.pem')])
  })

  it('are not read beyond the limit', async () => {
    await expect(load(sized('large.pem', 10 * 1024 * 1024 + 1))).rejects.toEqual(fault(/more than 10485760/))
    expect(await load(sized('fits.pem', 10 * 1024 * 1024))).toHaveLength(1)
  })

  it('of one folder are bounded in number and in bytes together', async () => {
    mkdirSync(path('many'))
    for (let n = 0; n < 1_001; n++) writeFileSync(path(`many/${n}.pem`), '')
    await expect(load(path('many'))).rejects.toEqual(fault(/holds 1001 certificate files, more than 1000/))
    mkdirSync(path('heavy'))
    for (let n = 0; n < 7; n++) sized(`heavy/${n}.pem`, 10 * 1024 * 1024)
    await expect(load(path('heavy'))).rejects.toEqual(fault(/holds more than 67108864 bytes/))
  })
})

describe.skipIf(process.platform === 'win32')('what is no file is refused at once', () => {
  const fifo = path('pipe.pem')
  if (process.platform !== 'win32') execFileSync('mkfifo', [fifo])
  mkdirSync(path('with-pipe'))
  mkdirSync(path('with-pipe/folder.pem'))

  it.each([
    ['a pipe that nobody writes to', fifo],
    ['a folder with a certificate name in it', path('with-pipe')],
    ['an endless device', '/dev/zero'],
    ['a terminal or none', '/dev/tty'],
  ])('%s', async (_what, name) => {
    await expect(load(name)).rejects.toEqual(fault(/is not a regular file/))
  })

  it('a file of the kernel that claims to be empty', async () => {
    await expect(load('/proc/self/status')).rejects.toEqual(fault(/holds no certificate/))
  })

  it('a pipe for the password, and a password of megabytes', async () => {
    await expect(readPassword(fifo)).rejects.toEqual(fault(/is not a regular file/))
    await expect(readPassword('/dev/zero')).rejects.toEqual(fault(/is not a regular file/))
    await expect(readPassword(sized('long.txt', 70_000))).rejects.toEqual(fault(/more than 65536/))
  })
})

it('the password is the first line, without what ends it', async () => {
  writeFileSync(path('password.txt'), '\ufeffgeheim \r\nsecond')
  expect(await readPassword(path('password.txt'))).toBe('geheim ')
})
