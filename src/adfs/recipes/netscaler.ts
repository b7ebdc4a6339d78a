import { say } from '../../words/words.js'
import { type Recipe, told } from './recipe.js'

export const netscaler: Recipe = {
  id: 'netscaler',
  title: 'Citrix NetScaler ADC',
  source: {
    title: 'NetScaler, Install, link, and update certificates',
    url: 'https://docs.netscaler.com/en-us/citrix-adc/current-release/ssl/ssl-certificates/add-group-certs.html',
    date: 'read 2026-11-24',
  },
  tried: null,
  takes: 'each',
  chain: () =>
    say`install each intermediate as a CA certificate; link the server certificate to the first, and each to the next`,
  stages: () => ({
    look: told(
      say`See which certificate is bound to the SSL virtual server, and what it is linked to (Traffic Management > SSL > Certificates, or ${{ code: 'show ssl certlink' }})`,
    ),
    save: told(say`Write down what is linked to what; leave the old certificates where they are`),
    change: told(
      say`Install each intermediate of the kit (${{ code: '.pem' }}) as a CA certificate. Unlink the server certificate; link it to the first, that to the next, the last to nothing`,
    ),
    apply: told(
      say`Save the running configuration; on a pair, see that the other node has the files and the links too`,
    ),
    verify: told(
      say`Check this server alone. The other way, one file with up to nine intermediates, is not for FIPS platforms and clusters`,
    ),
    undo: told(say`Unlink, and link as it was written down; save the configuration`),
  }),
}
