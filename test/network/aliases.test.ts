import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, expect, it } from 'vitest'
import { aliasesOf } from '../../src/network/live/aliases.js'

/** A name server that knows aliases only, and keeps silent where `silent.test` is asked for. */
const zone: Record<string, string> = {
  'enterpriseregistration.contoso.com': 'enterpriseregistration.windows.net',
  'enterpriseregistration.windows.net': 'na.privatelink.test',
  'circle-a.test': 'circle-b.test',
  'circle-b.test': 'circle-a.test',
}
const server = createSocket('udp4')
server.on('message', (query, from) => {
  const labels: string[] = []
  let at = 12
  for (; query[at]! > 0; at += query[at]! + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
  const name = labels.join('.').toLowerCase()
  if (name === 'silent.test') return
  const alias = zone[name]
  const data = Buffer.concat([
    ...(alias ?? '')
      .split('.')
      .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.of(0),
  ])
  // RFC 1035: the question again, and one CNAME for the name at offset 12.
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(alias ? 0x8180 : 0x8183, 2)
  header.writeUInt16BE(alias ? 1 : 0, 6)
  header.writeUInt32BE(0, 8)
  const answer = Buffer.concat([Buffer.of(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, data.length), data])
  server.send(
    Buffer.concat([header, query.subarray(12, at + 5), ...(alias ? [answer] : [])]),
    from.port,
    from.address,
  )
})
server.bind(0, '127.0.0.1')
await once(server, 'listening')
afterAll(() => server.close())
const servers = [`127.0.0.1:${server.address().port}`]

it.each([
  ['enterpriseregistration.contoso.com', ['enterpriseregistration.windows.net', 'na.privatelink.test']],
  ['plain.test', []],
  // The second one leads back to the first.
  ['circle-a.test', ['circle-b.test', 'circle-a.test']],
  ['silent.test', []],
])('%s is an alias of %j', async (host, aliases) => {
  expect(await aliasesOf(host, 500, servers)).toEqual(aliases)
})
