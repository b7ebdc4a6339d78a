import { say } from '../../words/words.js'
import { intermediatesFile, type Recipe, told } from './recipe.js'

export const f5: Recipe = {
  id: 'f5',
  title: 'F5 BIG-IP',
  source: {
    title: 'F5 DevCentral, SSL Profiles Part 3: Certificate Chain Implementation (and F5 K13302)',
    url: 'https://community.f5.com/kb/technicalarticles/ssl-profiles-part-3-certificate-chain-implementation/287632',
    date: 'read 2026-11-24',
  },
  tried: null,
  takes: 'intermediates',
  chain: () =>
    say`Client SSL profile > Certificate Key Chain > Chain: a bundle of the intermediates; with a wrong one it sends none`,
  stages: ({ file }) => ({
    look: told(
      say`Find the Client SSL profile of the virtual server (Local Traffic > Profiles > SSL > Client). Without one the BIG-IP passes TLS through, and the servers behind it send the chain`,
    ),
    save: told(
      say`Write down the Certificate, Key and Chain of its Certificate Key Chain, and leave these objects where they are: they are the way back`,
    ),
    change: told(
      say`Import ${{ code: intermediatesFile(file) }} as a certificate under a new name (System > Certificate Management > Traffic Certificate Management > SSL Certificate List > Import); then choose it as the Chain in the Certificate Key Chain of the profile`,
    ),
    apply: told(say`Update the profile; on a pair, synchronise the configuration to the other unit`),
    verify: told(
      say`Check at once: with a chain that does not belong to the certificate it sends none, without a word`,
    ),
    undo: told(say`Choose the Chain that was written down, and Update`),
  }),
}
