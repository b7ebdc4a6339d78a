import { say, type Words } from '../../words/words.js'

/** Where something other than Windows keeps what it sends. */
export interface BundleRecipe {
  readonly id: string
  readonly title: string
  /** Which setting holds the chain, and what goes into it. `file`: the kit's PEM, server certificate first, no root. */
  readonly chain: (file: string) => Words
  /** Commands of an ordinary installation: first one that tries the configuration, then one that takes it up. */
  readonly apply: readonly string[]
}

/** The two that our tests run; the others by their vendors' pages ("Install, link, and update certificates", K13302, LoadMaster guide). */
export const bundleRecipes: readonly BundleRecipe[] = [
  {
    id: 'nginx',
    title: 'nginx',
    chain: (file) =>
      say`${{ code: 'ssl_certificate' }} names ${{ code: file }}; the key stays in ${{ code: 'ssl_certificate_key' }}`,
    apply: ['nginx -t', 'nginx -s reload'],
  },
  {
    id: 'haproxy',
    title: 'HAProxy',
    chain: (file) =>
      say`the file after ${{ code: 'crt' }} holds ${{ code: file }} and the private key, one after the other`,
    apply: ['haproxy -c -f /etc/haproxy/haproxy.cfg', 'systemctl reload haproxy'],
  },
  {
    id: 'netscaler',
    title: 'Citrix NetScaler ADC',
    chain: () =>
      say`install each intermediate as a CA certificate; link the server certificate to the first, and each to the next`,
    apply: [],
  },
  {
    id: 'f5',
    title: 'F5 BIG-IP',
    chain: () =>
      say`Client SSL profile > Certificate Key Chain > Chain: a bundle of the intermediates; with a wrong one it sends none`,
    apply: [],
  },
  {
    id: 'kemp',
    title: 'Kemp LoadMaster',
    chain: () =>
      say`Certificates & Security > Intermediate Certs; it matters only where SSL acceleration is on`,
    apply: [],
  },
  {
    id: 'application-gateway',
    title: 'Azure Application Gateway',
    chain: () => say`the PFX of the listener holds the certificate, the intermediates and the root`,
    apply: [],
  },
]
