import { isIP } from 'node:net'
import { readCertificates } from '../containers/bundle.js'
import { farmName, registrationName, suffixOf, userCertificateName } from '../farm/inventory.js'
import { parseTarget } from '../farm/target.js'
import type { Certificate } from '../x509/certificate.js'
import { revocationAddresses } from '../x509/crl.js'
import { parseCertificate } from '../x509/parse.js'
import { type Case, caseText } from './case.js'
import { readCase } from './read-case.js'

/**
 * The case with addresses, labels, paths, proxy and URLs outside certificates replaced by aliases, the same alias for
 * the same thing throughout, so that it is judged as before. `stays`: what still names the farm, since the verdict rests
 * on it: the target and the names in certificates.
 */
export async function redacted(
  text: string,
): Promise<{ readonly text: string; readonly stays: readonly string[] }> {
  const { saved } = readCase(text, 'the case')
  const target = parseTarget(saved.asked.target).name
  const { inventory } = saved.asked
  // Names that certificates are asked for: the verdict rests on them.
  const names = new Set([
    target,
    ...(inventory?.names ?? []).map((text) => farmName(text).name.ascii),
    ...(inventory?.upnSuffixes ?? []).map((suffix) => `${registrationName}${suffixOf(suffix)}`),
    `${userCertificateName}${target}`,
  ])
  const certificates = await certificatesIn(saved)
  const urls = new Set(certificates.flatMap((one) => [...one.caIssuers, ...(revocationAddresses(one) ?? [])]))
  const aliases = new Map<string, string>()
  const numbers = new Map<string, number>()
  const alias = (kind: string, value: string, make: (number: number) => string): string => {
    const number = (numbers.get(kind) ?? 0) + 1
    const known = aliases.get(value)
    if (known !== undefined) return known
    numbers.set(kind, number)
    aliases.set(value, make(number))
    return aliases.get(value)!
  }
  const host = (name: string): string =>
    names.has(name)
      ? name
      : isIP(name) === 4
        ? // 198.18.0.0/15 is for tests between devices (RFC 2544): nobody's server, and room for every farm.
          alias('ipv4', name, (number) => `198.18.${number >> 8}.${number & 255}`)
        : isIP(name) === 6
          ? alias('ipv6', name, (number) => `2001:db8::${number.toString(16)}`)
          : alias('host', name, (number) => `server-${number}.invalid`)
  const server = (given: string): string => {
    const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:]*))(:\d+)?$/.exec(given) ?? []
    const name = bracketed ?? plain ?? given
    const hidden = host(name)
    return hidden.includes(':') && port !== '' ? `[${hidden}]${port}` : `${hidden}${port}`
  }
  const path = (value: string): string =>
    alias('file', value, (number) => `file-${number}${/\.[a-z0-9]{1,4}$/i.exec(value)?.[0] ?? ''}`)
  const url = (value: string): string =>
    urls.has(value) ? value : alias('url', value, (number) => `http://url-${number}.invalid/`)

  const files = (given: Case['asked']['trustAnchors']) =>
    given.map((file) => ({
      path: path(file.path),
      certificates: file.certificates.map(({ der, from }) => ({ der, from: path(from) })),
    }))
  // Its host stands in the words of what failed, too.
  const hiddenProxy = (proxy: string): string => {
    const { protocol, hostname } = new URL(proxy)
    aliases.set(hostname, 'proxy.invalid')
    return `${protocol}//proxy.invalid:3128`
  }

  const nodeNames = new Map((inventory?.nodes ?? []).map(({ name }, index) => [name, `node-${index + 1}`]))
  const nodes = (inventory?.nodes ?? []).map((node) => ({
    ...node,
    name: nodeNames.get(node.name)!,
    addresses: node.addresses.map(server),
    tlsEndsAt: node.tlsEndsAt && (nodeNames.get(node.tlsEndsAt) ?? node.tlsEndsAt),
  }))
  const asked: Case['asked'] = {
    ...saved.asked,
    servers: saved.asked.servers.map((given) => nodeNames.get(given) ?? server(given)),
    ...(inventory ? { inventory: { ...inventory, nodes } } : {}),
    trustAnchors: files(saved.asked.trustAnchors),
    deviceCas: files(saved.asked.deviceCas),
    remembered: files(saved.asked.remembered),
    intermediates: files(saved.asked.intermediates),
    ...(saved.asked.trustData
      ? { trustData: { ...saved.asked.trustData, path: path(saved.asked.trustData.path) } }
      : {}),
    ...(saved.asked.passwordFile ? { passwordFile: path(saved.asked.passwordFile) } : {}),
    proxy:
      saved.asked.proxy && saved.asked.proxy !== 'none' ? hiddenProxy(saved.asked.proxy) : saved.asked.proxy,
  }
  const resolutions = saved.resolutions.map(({ host: name, family, answer }) => ({
    host: host(name),
    family,
    answer: answer.kind === 'found' ? { ...answer, addresses: answer.addresses.map(host) } : answer,
  }))
  const probes = saved.probes.map((probe) => {
    const [, name = '', address = '', port = ''] = /^(.*)@\[?(.*?)\]?:(\d+)$/.exec(probe.endpoint) ?? []
    const hidden = host(address)
    const outcome =
      'observation' in probe.outcome && probe.outcome.observation
        ? {
            ...probe.outcome,
            observation: {
              ...probe.outcome.observation,
              endpoint: { ...probe.outcome.observation.endpoint, address: hidden },
            },
          }
        : probe.outcome
    return {
      ...probe,
      endpoint: `${name}@${hidden.includes(':') ? `[${hidden}]` : hidden}:${port}`,
      outcome: outcome as typeof probe.outcome,
    }
  })
  const fetches = saved.fetches.map((fetch) => ({
    ...fetch,
    url: url(fetch.url),
    ...(fetch.via ? { via: { ...fetch.via, address: host(fetch.via.address) } } : {}),
    outcome: { ...fetch.outcome, redirects: fetch.outcome.redirects.map(url) },
  }))
  // What happened is told in words that may repeat an address or a name.
  const told = <T extends object>(answer: T): T => {
    if (!('detail' in answer) || typeof answer.detail !== 'string') return answer
    // Longest first: an address may begin with another.
    const detail = [...aliases]
      .sort(([a], [b]) => b.length - a.length)
      .reduce((words, [real, hidden]) => words.replaceAll(real, hidden), answer.detail)
    const hidden = new Set(aliases.values())
    return {
      ...answer,
      detail: detail.replace(addressLike, (found) =>
        isIP(found) && !hidden.has(found) ? host(found) : found,
      ),
    }
  }
  const toldIn = <T extends { readonly outcome: object }>(row: T): T => ({
    ...row,
    outcome: told(row.outcome),
  })
  return {
    text: caseText({
      ...saved,
      asked,
      resolutions: resolutions.map((row) => ({ ...row, answer: told(row.answer) })),
      probes: probes.map(toldIn),
      fetches: fetches.map(toldIn),
    }),
    stays: [
      ...new Set([
        target,
        ...(inventory?.names ?? []),
        ...(inventory?.upnSuffixes ?? []),
        ...certificates.flatMap(({ subject, subjectAltNames }) => [
          subject.text,
          ...(subjectAltNames ?? []).map(({ value }) => value),
        ]),
      ]),
    ],
  }
}

const addressLike = /(?<![.\w:])(?:\d+\.\d+\.\d+\.\d+(?![.\d])|[\da-f]*:[\da-f:.]*:[\da-f.]*(?![.\w:]))/gi

/** Every certificate in the case: sent, given as a file, or fetched, whose URLs are asked as well. */
async function certificatesIn({ probes, asked, fetches }: Case): Promise<readonly Certificate[]> {
  const sent = probes.flatMap(({ outcome }) =>
    'observation' in outcome ? (outcome.observation?.certificates ?? []) : [],
  )
  const given = [asked.trustAnchors, asked.deviceCas, asked.remembered, asked.intermediates].flatMap(
    (files) =>
      files.flatMap(({ certificates }) =>
        certificates.map(({ der }) => new Uint8Array(Buffer.from(der, 'base64'))),
      ),
  )
  const fetched: Certificate[] = []
  for (const { outcome } of fetches)
    if (outcome.kind === 'fetched')
      fetched.push(...(await readCertificates(outcome.body, { from: 'stranger' })).certificates)
  const own = [...sent, ...given].flatMap((der) => {
    const parsed = parseCertificate(der)
    return parsed.ok ? [parsed.certificate] : []
  })
  return [...own, ...fetched]
}
