import { say } from '../../words/words.js'
import { type Recipe, told } from './recipe.js'

export const applicationGateway: Recipe = {
  id: 'application-gateway',
  title: 'Azure Application Gateway',
  source: {
    title: 'Microsoft, Renew Application Gateway certificates (2022-01-25) and its TLS overview',
    url: 'https://learn.microsoft.com/azure/application-gateway/renew-certificates',
    date: '2023-06-09',
  },
  tried: null,
  takes: 'fullchain',
  chain: () => say`the PFX of the listener holds the certificate, the intermediates and the root`,
  stages: ({ file }) => ({
    look: told(
      say`See which certificate the HTTPS listener has, and whether it was uploaded or comes from Key Vault`,
    ),
    save: told(
      say`Keep the PFX that was uploaded last, or write down the version of the Key Vault secret: nothing else brings the old one back`,
    ),
    change: told(
      say`Make a PFX of ${{ code: file }}, the private key and, as this device wants it, the root above them. It goes to listener > Renew or edit selected certificate > Save or, with Key Vault, there as a new version of the certificate. The file holds`,
    ),
    apply: told(
      say`An upload is taken up by Save. Key Vault is asked every four hours, and at any change of the gateway`,
    ),
    verify: told(say`Check the address of the listener`),
    undo: told(say`Upload the PFX that was kept, or enable the earlier version in Key Vault`),
  }),
}
