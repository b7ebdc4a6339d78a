import { describe, expect, it } from 'vitest'
import { readCertificates, toPem } from '../../src/containers/bundle.js'
import { readCcadb } from '../../src/containers/ccadb.js'
import { makeCa, parsed } from '../support/examined.js'

const root = makeCa('Public Root')
const [good, revoked, parentRevoked] = ['Good CA', 'Revoked CA', 'Parent Revoked CA'].map((name) =>
  parsed(makeCa(name, root)),
)
const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
const report = (lines: readonly (readonly string[])[], end = '\r\n') =>
  lines.map((cells) => cells.map(cell).join(',')).join(end)
/** As Mozilla's report of all intermediates spells it: the PEM between apostrophes. */
const mozilla = report([
  ['CA Owner', 'Certificate Subject Common Name', 'Revocation Status', 'Date of Revocation', 'PEM Info'],
  ['Contoso, "Public" Trust', 'Good CA', 'Not Revoked', '', `'${toPem(good!)}'`],
  ['Contoso', 'Revoked CA', 'Revoked', '2026 May 13', `'${toPem(revoked!)}'`],
  ['Contoso', 'Parent Revoked CA', 'Parent Cert Revoked', '', `'${toPem(parentRevoked!)}'`],
  ['Contoso', 'no certificate', '', '', ''],
])

const named = async (text: string) => {
  const { certificates, problems } = await readCertificates(Buffer.from(text))
  return { names: certificates.map(({ subject }) => subject.commonNames[0]), problems }
}

describe('the report of all intermediates', () => {
  it('gives what is not revoked, and says of the rest why it is left out', async () => {
    const { names, problems } = await named(mozilla)
    expect(names).toEqual(['Good CA'])
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/: Revoked, 2026 May 13; it is left out$/),
      expect.stringMatching(/: Parent Cert Revoked; it is left out$/),
    ])
    expect(problems[0]!.where).toMatch(/^line \d+$/)
  })

  it.each(['\n', '\r\n'])('whatever the line end, with a byte order mark', async (end) => {
    const text = `\ufeff${report(
      [
        ['X.509 Certificate (PEM)', 'Revocation Status'],
        [toPem(good!), ''],
        [toPem(revoked!), 'Revoked'],
      ],
      end,
    )}`
    expect((await named(text)).names).toEqual(['Good CA'])
  })

  it('Mozilla’s list of the revoked gives nothing', async () => {
    const text = report([
      ['OneCRL Status', 'PEM'],
      ['Added to OneCRL', toPem(revoked!)],
    ])
    expect((await named(text)).names).toEqual([])
  })

  it('a PEM file that has no such columns is read as ever', async () => {
    expect(readCcadb(toPem(good!))).toBeNull()
    expect(readCcadb(`A file in PEM, with a comma\n${toPem(good!)}`)).toBeNull()
    expect((await named(`Bag, PEM\n${toPem(good!)}`)).names).toEqual(['Good CA'])
  })

  it.each(['"PEM', 'PEM\n"', 'PEM,"a""', 'PEM\n"x"y,z\n', 'PEM'])('broken text ends: %s', (text) => {
    expect(readCcadb(text) ?? []).toEqual([])
  })
})
