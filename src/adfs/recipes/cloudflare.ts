import { say } from '../../words/words.js'
import { type Recipe, told } from './recipe.js'

export const cloudflare: Recipe = {
  id: 'cloudflare',
  title: 'Cloudflare or a front like it',
  source: {
    title: 'Cloudflare, Custom certificates, Bundle methodologies',
    url: 'https://developers.cloudflare.com/ssl/edge-certificates/custom-certificates/bundling-methodologies/',
    date: '2026-04-16',
  },
  tried: null,
  takes: 'fullchain',
  chain: (file) =>
    say`a custom certificate is uploaded with ${{ code: file }} and the bundle method user-defined, so that exactly this is sent`,
  stages: ({ file }) => ({
    look: told(
      say`See whether the edge certificate is one of the front's own or a custom one (SSL/TLS > Edge Certificates). The chain of its own certificates is the front's: choose another authority there, or upload a certificate`,
    ),
    save: told(
      say`Write down certificate, bundle method and priority. The private key cannot be had back: keep the files that were uploaded`,
    ),
    change: told(
      say`Upload certificate and key anew with the bundle method user-defined (with the others the front chooses intermediates itself); the certificate is ${{ code: file }}`,
    ),
    apply: told(say`Wait until the new one is active everywhere, then delete the old one`),
    verify: told(
      say`Check the name from more than one network: a front has many places, and they change one after the other`,
    ),
    undo: told(say`Upload the former files with the former bundle method`),
  }),
}
