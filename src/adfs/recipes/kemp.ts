import { say } from '../../words/words.js'
import { type Recipe, told } from './recipe.js'

export const kemp: Recipe = {
  id: 'kemp',
  title: 'Kemp LoadMaster',
  source: {
    title: 'Progress Kemp, SSL Accelerated Services, Replacing a Certificate on the LoadMaster',
    url: 'https://docs.progress.com/bundle/loadmaster-feature-description-ssl-accelerated-services-ga/page/Replacing-a-Certificate-on-the-LoadMaster.html',
    date: '2025-08-27',
  },
  tried: null,
  takes: 'each',
  chain: () =>
    say`Certificates & Security > Intermediate Certs; it matters only where SSL acceleration is on`,
  stages: () => ({
    look: told(
      say`See whether SSL Acceleration is on at the virtual service. Where it is off the LoadMaster passes TLS through, and the servers behind it send the chain`,
    ),
    save: told(
      say`Make a backup of the certificates, as its maker asks for, and write down which are under Certificates & Security > Intermediate Certs`,
    ),
    change: told(
      say`Under Certificates & Security > Intermediate Certs delete an expired or wrong one of the same name, and add each of the kit (${{ code: '.pem' }})`,
    ),
    apply: told(
      say`No reboot is needed, by its maker's page; traffic may be disturbed, so do it outside working hours`,
    ),
    verify: told(
      say`Check this server alone. If the old list is still sent, replace the certificate of the virtual service with the same one (Certificates & Security > SSL Certificates > Replace Certificate)`,
    ),
    undo: told(say`Delete what was added, or restore the backup`),
  }),
}
