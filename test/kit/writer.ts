import type { Kit } from '../../src/kit/files.js'
import { checksumFile, checksums } from '../../src/kit/files.js'
import { writeKit } from '../../src/kit/write.js'

/** Kits whose files all differ; run as a program it writes them into a folder, one after the other, until it is killed. */
export function kitNumber(number: number, folders = true): Kit {
  const files = [
    { path: `CA-${number % 3}.cer`, contents: Buffer.from(`certificate ${number}`) },
    { path: 'fullchain.pem', contents: Buffer.from(`chain ${number}\n`.repeat(500)) },
    { path: 'README.md', contents: Buffer.from(`ticket ${number}`) },
    ...(folders ? [{ path: `node-${number % 2}/x.cer`, contents: Buffer.from(`x ${number}`) }] : []),
  ]
  const list = { path: checksumFile, contents: Buffer.from(checksums(files)) }
  return { files: [...files, list], incomplete: false }
}

const [folder, first, rounds] = process.argv.slice(2)
if (process.argv[1]?.endsWith('writer.mjs')) {
  process.stdout.write('ready\n')
  for (let round = 0; round < Number(rounds); round++)
    await writeKit(folder!, kitNumber(Number(first) + round))
}
