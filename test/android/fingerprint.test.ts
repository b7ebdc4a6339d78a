import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { helloOf } from '../../src/android/hellos.js'
import { type Release, releases } from '../../src/android/releases.js'
import { defaultLimits } from '../../src/network/live/prober.js'
import { ClientHandshake } from '../../src/tls/handshake.js'

/**
 * JA3: version, suites, extensions, groups and point formats of a ClientHello, as decimal numbers, and the MD5 of that.
 * It is read here from the bytes that go out, by a reader of its own.
 */
function ja3Of(record: Buffer): string {
  let at = 5 + 4
  const take = (bytes: number): Buffer => {
    at += bytes
    return record.subarray(at - bytes, at)
  }
  const list = (bytes: Buffer, width: 1 | 2): number[] =>
    Array.from({ length: bytes.length / width }, (_, i) => bytes.readUIntBE(i * width, width))
  const version = take(2).readUInt16BE()
  take(32)
  take(take(1)[0]!)
  const suites = list(take(take(2).readUInt16BE()), 2)
  take(take(1)[0]!)
  const extensions = new Map<number, Buffer>()
  const end = take(2).readUInt16BE() + at
  while (at < end) extensions.set(take(2).readUInt16BE(), take(take(2).readUInt16BE()))
  const groups = list(extensions.get(10)?.subarray(2) ?? Buffer.alloc(0), 2)
  const formats = list(extensions.get(11)?.subarray(1) ?? Buffer.alloc(0), 1)
  return [
    version,
    ...[suites, [...extensions.keys()], groups, formats].map((codes) => codes.join('-')),
  ].join()
}

const sentBy = (release: Release): string =>
  ja3Of(new ClientHandshake(helloOf(release).shape, 'sts.contoso.example', defaultLimits).hello())

describe('the hello of a release is the one that phones were seen to send', () => {
  // Captured from emulators of each API level and published (89z/googleplay); 12L and 13 share the class files of 12.
  const published: readonly (readonly [string, readonly Release[]])[] = [
    ['8fcaa9e4a15f48af0a7d396e3fa5c5eb', ['7.0']],
    ['9fc6ef6efc99b933c5e2d8fcf4f68955', ['7.1']],
    ['d8c87b9bfde38897979e41242626c2f3', ['8.0', '8.1', '9']],
    ['9b02ebd3a43b62d825e1ac605b621dc8', ['10', '11', '12', '12L', '13']],
  ]
  it.each(
    published.flatMap(([md5, senders]) => senders.map((release) => [release, md5] as const)),
  )('Android %s: %s', (release, md5) => {
    expect(createHash('md5').update(sentBy(release)).digest('hex')).toBe(md5)
  })
})

describe('where no fingerprint was published, the hello is that of the class files', () => {
  it.each<[Release, string]>([
    [
      '4.4',
      '769,4-5-47-53-49154-49156-49157-49164-49166-49167-49159-49161-49162-49169-49171-49172-51-57-50-56-10-49155-49165-49160-49170-22-19-9-21-18-3-8-20-17-255,0-11-10-35,14-13-25-11-12-24-9-10-22-23-8-6-7-20-21-4-5-18-19-1-2-3-15-16-17,0-1-2',
    ],
    [
      '5.1',
      '771,49195-49196-49199-49200-158-159-49161-49162-49171-49172-51-57-50-56-49159-49169-156-157-47-53-5-255,0-11-10-35-13,14-13-25-11-12-24-9-10-22-23-8-6-7-20-21-4-5-18-19-1-2-3-15-16-17,0-1-2',
    ],
    [
      '6.0',
      '771,49195-49196-49199-49200-158-159-49161-49162-49171-49172-51-57-49159-49169-156-157-47-53-5,65281-0-23-35-13-16-11-10,23-24-25,0',
    ],
    [
      '14',
      '771,4865-4866-4867-49195-49196-52393-49199-49200-52392-49161-49162-49171-49172-156-157-47-53,0-23-65281-10-11-35-16-5-13-51-45-43-21,29-23-24,0',
    ],
    [
      '17',
      '771,4865-4866-4867-49195-49196-52393-49199-49200-52392-49161-49162-49171-49172-156-157-47-53,0-23-65281-10-11-35-16-5-13-18-51-45-43-21,29-23-24,0',
    ],
  ])('Android %s', (release, ja3) => {
    expect(sentBy(release)).toBe(ja3)
  })

  it.each<[string, number, Release]>([
    ['session_ticket', 35, '4.4'],
    ['psk_key_exchange_modes', 45, '10'],
    ['extended_master_secret', 23, '6.0'],
    ['ALPN', 16, '6.0'],
  ])('%s (%i) is sent from Android %s on', (_, extension, first) => {
    const senders = releases.filter((release) =>
      sentBy(release).split(',')[2]!.split('-').includes(String(extension)),
    )
    expect(senders).toEqual(releases.slice(releases.indexOf(first)))
  })
})
