import { say } from '../../words/words.js'
import { chainInto, type Recipe, told } from './recipe.js'

/** Stands for the file that `crt` names. */
const path = 'PEM=/etc/haproxy/certs/sts.pem'
/** HAProxy loads every file of a folder that `crt` names, but none that begins with a dot. */
const saved = `OLD="$(dirname "$PEM")/.$(basename "$PEM").before"`
const reload = ['haproxy -c -f /etc/haproxy/haproxy.cfg', 'systemctl reload haproxy']

export const haproxy: Recipe = {
  id: 'haproxy',
  title: 'HAProxy',
  source: {
    title: 'HAProxy, Configuration Manual, bind option crt',
    url: 'https://docs.haproxy.org/2.6/configuration.html',
    date: 'version 2.6',
  },
  tried: 'HAProxy 2.6.12',
  takes: 'fullchain',
  chain: (file) =>
    say`the file after ${{ code: 'crt' }} holds ${{ code: file }} and the private key, one after the other`,
  names: { setting: 'crt', line: path },
  stages: ({ file }) => ({
    look: told(
      say`As root, in the folder of ${{ code: file }}: see which file ${{ code: 'crt' }} names (of a folder, the one with this certificate), and write it after ${{ code: 'PEM=' }}`,
      `grep -n 'crt' /etc/haproxy/haproxy.cfg`,
      path,
    ),
    save: told(
      say`Keep what is there, private key included, under a name that HAProxy does not load`,
      saved,
      `cp -p "$PEM" "$OLD"`,
    ),
    change: told(
      say`Put ${{ code: file }} in place of the certificates (the private key stays in the file)`,
      chainInto(file, '"$OLD"', '"$PEM"'),
    ),
    apply: told(say`Try the configuration and take it up; connections go on`, ...reload),
    verify: told(say`Check this server alone before the next one; then delete what was kept: it has the key`),
    undo: told(
      say`Put back what was there, ${{ code: 'PEM=' }} as before`,
      path,
      saved,
      `cat "$OLD" > "$PEM"`,
      ...reload,
    ),
  }),
}
