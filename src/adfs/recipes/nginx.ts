import { say } from '../../words/words.js'
import { chainInto, type Recipe, told } from './recipe.js'

/** Stands for the file that `ssl_certificate` names. */
const path = 'CHAIN=/etc/nginx/fullchain.pem'
const reload = ['nginx -t', 'nginx -s reload']

export const nginx: Recipe = {
  id: 'nginx',
  title: 'nginx',
  source: {
    title: 'nginx, Configuring HTTPS servers, SSL certificate chains',
    url: 'https://nginx.org/en/docs/http/configuring_https_servers.html',
    date: 'read 2026-11-24',
  },
  tried: 'nginx 1.22.1',
  takes: 'fullchain',
  chain: (file) =>
    say`${{ code: 'ssl_certificate' }} names ${{ code: file }}; the key stays in ${{ code: 'ssl_certificate_key' }}`,
  names: { setting: 'ssl_certificate', line: path },
  stages: ({ file }) => ({
    look: told(
      say`As root, in the folder of ${{ code: file }}: see which file ${{ code: 'ssl_certificate' }} names for the name, and write it after ${{ code: 'CHAIN=' }}`,
      `nginx -T 2>/dev/null | grep -E 'server_name|ssl_certificate'`,
      path,
    ),
    save: told(say`Keep what is there`, `cp -p "$CHAIN" "$CHAIN.before"`),
    change: told(
      say`Put ${{ code: file }} in its place (a private key in the same file stays)`,
      chainInto(file, '"$CHAIN.before"', '"$CHAIN"'),
    ),
    apply: told(say`Try the configuration and take it up; connections go on`, ...reload),
    verify: told(say`Check this server alone before the next one`),
    undo: told(
      say`Put back what was there, ${{ code: 'CHAIN=' }} as before`,
      path,
      `cat "$CHAIN.before" > "$CHAIN"`,
      ...reload,
    ),
  }),
}
