/**
 * Text of a 4- or 16-octet address as `inet_ntop` and RFC 5952 write it: lower-case, the longest run of two or more
 * zero groups (the first of equals) as `::`, IPv4-mapped addresses with dots. Null for any other length.
 */
export function addressText(octets: Uint8Array): string | null {
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) return null
  const groups = Array.from({ length: 8 }, (_, i) => octets[2 * i]! * 256 + octets[2 * i + 1]!)
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return `::ffff:${octets.subarray(12).join('.')}`
  let [runStart, runLength] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === 0) length++
    if (length > runLength) [runStart, runLength] = [i, length]
  }
  const hex = groups.map((group) => group.toString(16))
  if (runStart < 0) return hex.join(':')
  return `${hex.slice(0, runStart).join(':')}::${hex.slice(runStart + runLength).join(':')}`
}
