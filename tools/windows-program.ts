/**
 * A Windows program (PE32+) without its Authenticode signature, which would no longer fit once something is put into it.
 *
 * @throws Error when it is no such program, or something stands behind its signature
 */
export function withoutSignature(program: Buffer): Buffer {
  const optional = optionalHeader(program)
  // The fifth of its directories is the table of certificates; the only one that counts from the start of the file.
  const entry = optional + 112 + 4 * 8
  const [from, length] = [program.readUInt32LE(entry), program.readUInt32LE(entry + 4)]
  if (length === 0) return program
  if (from + length !== program.length)
    throw new Error('something stands behind the signature of the program')
  const rest = Buffer.from(program.subarray(0, from))
  rest.writeBigUInt64LE(0n, entry)
  return rest
}

/** Sets the checksum that its header has of the whole: virus scanners look askance at one that does not fit. */
export function setChecksum(program: Buffer): void {
  const at = optionalHeader(program) + 64
  program.writeUInt32LE(0, at)
  let sum = 0
  for (let i = 0; i < program.length; i += 2) {
    sum += i + 1 < program.length ? program.readUInt16LE(i) : program[i]!
    sum = (sum & 0xffff) + (sum >>> 16)
  }
  program.writeUInt32LE(sum + program.length, at)
}

function optionalHeader(program: Buffer): number {
  const header = program.readUInt32LE(0x3c)
  const optional = header + 24
  if (program.toString('latin1', header, header + 4) !== 'PE\0\0' || program.readUInt16LE(optional) !== 0x20b)
    throw new Error('not a 64-bit program for Windows')
  return optional
}
