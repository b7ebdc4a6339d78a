import { AdfsCheckFault } from '../fault.js'
import { validProxy } from '../run/options.js'

/**
 * The proxy for one host: the option wins over HTTPS_PROXY, which NO_PROXY limits as curl does (`*`, names,
 * name suffixes). Null: connect directly.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function proxyFor(
  host: string,
  option: string | false | undefined,
  env: Readonly<Record<string, string | undefined>>,
): URL | null {
  if (option === false) return null
  const text = option ?? env.HTTPS_PROXY ?? env.https_proxy ?? ''
  if (text === '' || (option === undefined && excluded(host, env.NO_PROXY ?? env.no_proxy ?? ''))) return null
  const given = `The proxy given ${option === undefined ? 'in HTTPS_PROXY' : 'with --proxy'}`
  // A percent sign that begins no escape stands for itself, as curl reads it.
  const url = URL.canParse(text) ? new URL(text.replace(/%(?![0-9a-f]{2})/gi, '%25')) : null
  if (url === null) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `${given} is not a URL.`, {
      hint: `Write it like http://proxy.contoso.com:8080${option === undefined ? ' in HTTPS_PROXY, or use --no-proxy' : ''}.`,
    })
  }
  return validProxy(url, given)
}

function excluded(host: string, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) =>
      entry
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ''),
    )
    .some((entry) => entry === '*' || (entry !== '' && (host === entry || host.endsWith(`.${entry}`))))
}
