import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { shells } from '../../src/cli/completion-scripts.js'
import { run as cli } from '../../src/cli/program.js'
import { consumer, run } from './consumer.js'

/** What shells make of the scripts: each is asked for the same lines. */

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-completion-'))
const scripts: Record<string, string> = {}
beforeAll(async () => {
  for (const shell of shells) {
    let out = ''
    const code = await cli(['completion', shell], {
      out: { write: (text) => (out += text) },
      err: { write: () => {} },
      env: {},
      platform: 'linux',
      now: new Date(0),
      signal: new AbortController().signal,
    })
    expect(code).toBe(0)
    scripts[shell] = join(folder, `script.${shell}`)
    writeFileSync(scripts[shell]!, out)
    scripts[`${shell} text`] = out
  }
  mkdirSync(join(folder, 'here/fix'), { recursive: true })
  for (const file of ['case.json', 'new one.pfx']) writeFileSync(join(folder, 'here', file), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A line that is being typed, the words that stand for some of what is offered, and some that must not be. */
const lines: readonly (readonly [line: string, offered: readonly string[], never: readonly string[]])[] = [
  [
    '',
    ['file', 'renewed', 'lock', 'init', 'replay', 'join', 'demo', 'explain', 'android', 'completion'],
    ['case.json', '--help'],
  ],
  ['ex', ['explain'], ['file']],
  ['sts.contoso.com ', [], ['file', 'explain', 'case.json']],
  ['sts.contoso.com --for', ['--format'], ['--output']],
  ['--format ', ['text', 'json', 'nagios'], ['file']],
  ['--format=js', ['json'], ['ndjson']],
  ['--format json --output ju', ['junit'], ['json']],
  ['--output junit=ca', ['case.json'], []],
  ['--output=junit=ca', ['case.json'], []],
  ['--kit f', ['fix'], []],
  ['--server 10.0.0.5:443 --fail-on ', ['warning', 'critical'], []],
  ['--server ', [], ['file', 'init', '--node']],
  ['--node ', [], ['file', 'init', '--node']],
  ['--tls-ends-at ', ['f5', 'nginx', 'application-gateway'], ['file']],
  ['--targets ca', ['case.json'], []],
  ['--trust-data ca', ['case.json'], []],
  ['renewed --watch-t', ['--watch-timeout'], ['--watch']],
  ['renewed --pfx n', ['new one.pfx'], []],
  ['renewed --node ', [], ['--pfx', 'file']],
  ['lock --trust', ['--trust-data', '--trust-anchor'], []],
  ['--android su', ['supported'], []],
  ['file n', ['new one.pfx'], []],
  ['file --windows-server 20', ['2012R2', '2025'], []],
  ['file --nam', ['--name'], []],
  ['replay ca', ['case.json'], []],
  ['replay --ser', [], ['--server']],
  ['join --as inside ca', ['case.json'], []],
  ['explain tls', ['tls-inspected'], ['tls']],
  ['explain file ', ['wrong-intermediate'], ['file']],
  ['android ro', ['roots'], ['android']],
  ['android roots --release 7', ['7.0', '7.1'], ['8.0']],
  ['android roots --dat', [], ['--data']],
  ['android --dat', ['--data'], []],
  ['completion ', [...shells], []],
]

/** What a shell offers for each line; of `key=file` and `--option=value` the last part. */
function judged(answers: ReadonlyMap<string, readonly string[]>): void {
  for (const [line, offered, never] of lines) {
    const answer = (answers.get(line) ?? []).map((word) =>
      word
        .replace(/\t.*/, '')
        // What is joined to a word is no part of it.
        .replace(/[/=]$/, '')
        .replaceAll('\\ ', ' ')
        .replace(/^--[a-z]+=(?=.)/, '')
        .replace(/^[a-z]+=(?=.)/, ''),
    )
    expect(answer, `after "${line}"`).toEqual(expect.arrayContaining([...offered]))
    for (const word of never) expect(answer, `after "${line}"`).not.toContain(word)
  }
}

/** Lines of output between marks. */
function sections(output: string): ReadonlyMap<string, readonly string[]> {
  const answers = new Map<string, readonly string[]>()
  for (const part of output.split('== ').slice(1)) {
    const [line, ...words] = part.split('\n')
    answers.set(
      line!,
      words.filter((word) => word !== ''),
    )
  }
  return answers
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const here = () => `cd ${quoted(join(folder, 'here'))}`

describe('completion', () => {
  consumer('bash', '/bin/bash')('in bash', () => {
    // As readline takes a line apart.
    const tries = lines.map(([line]) => {
      const words = `adfs-check ${line}`.match(/[=:]|[^\s=:]+|(?<=\s)$/g)!
      return `COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}; COMPREPLY=(); _adfs_check
printf '== %s\\n' ${quoted(line)}; printf '%s\\n' "\${COMPREPLY[@]}"`
    })
    judged(
      sections(run('/bin/bash', ['--norc', '-c', `${here()}; source ${scripts.bash}; ${tries.join('\n')}`])),
    )
  })

  consumer('fish', '/usr/bin/fish')('in fish', () => {
    const tries = lines.map(
      ([line]) => `echo ${quoted(`== ${line}`)}; complete -C ${quoted(`adfs-check ${line}`)}`,
    )
    judged(
      sections(
        run('/usr/bin/fish', ['--no-config', '-c', `${here()}; source ${scripts.fish}\n${tries.join('\n')}`]),
      ),
    )
  })

  consumer('zsh', '/usr/bin/zsh')('in zsh, and by a Tab in bash, on terminals of their own', () => {
    const zsh = run('/usr/bin/zsh', ['-f', '-c', terminals()])
    judged(sections(zsh))
    expect(zsh).toContain('typed: adfs-check explain intermediate-missing')
  })

  it('in PowerShell: its grammar, and all that the others offer', async () => {
    await Parser.init()
    const require = createRequire(import.meta.url)
    const grammar = dirname(require.resolve('tree-sitter-powershell/package.json'))
    const parser = new Parser()
    parser.setLanguage(await Language.load(join(grammar, 'tree-sitter-powershell.wasm')))
    const script = scripts['powershell text']!
    const nodes = (node: Node): Node[] => [
      node,
      ...node.children.flatMap((child) => (child ? nodes(child) : [])),
    ]
    const root = parser.parse(script)!.rootNode
    const broken = nodes(root).filter(({ type, isMissing }) => type === 'ERROR' || isMissing)
    expect(broken.map(({ text }) => text)).toEqual([])
    for (const [line, offered] of lines)
      for (const word of offered)
        if (!/[. ](json|pfx)$|^fix$/.test(word) && !line.includes('='))
          expect(script, `after "${line}"`).toMatch(
            new RegExp(`'${word.replace('=', '').replace(/[.+]/g, '\\$&')}(\\|[^']*)?'`),
          )
  })
})

/** What reaches compadd, unless it is asked to put it elsewhere. */
const heard = `compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a __h
  builtin compadd -A __h "$@"
  print -rl -- $__h >> $OUT
  builtin compadd "$@"
}`
  .replaceAll('\n', '; ')
  .replaceAll('{; ', '{ ')
  .replaceAll('then; ', 'then ')

/**
 * A zsh that types into another one and into a bash. What is offered is what reaches compadd; Ctrl-T marks the end of a
 * line.
 */
const terminals = () => `
${here()}
zmodload zsh/zpty
export OUT=${quoted(join(folder, 'hits.txt'))}
wait_for() { for i in {1..200}; do (( $(grep -c "$1" $OUT 2>/dev/null) >= $2 )) && return; sleep .05; done; print "no $1"; exit 1 }
zpty z zsh -f -i
zpty -w z ${quoted(`PROMPT=; autoload -Uz compinit; compinit -u -D; source ${scripts.zsh}`)}
zpty -w z ${quoted(heard)}
zpty -w z ${quoted('finish() { print -r -- "end" >> $OUT; BUFFER= }; zle -N finish; bindkey "^T" finish; setopt no_list_beep')}
zpty -w z 'print -r ready >> $OUT'
wait_for ready 1
: > $OUT
typeset -i n=0
for line in ${lines.map(([line]) => quoted(line)).join(' ')}; do
  print -r -- "== $line" >> $OUT
  zpty -w -n z "adfs-check $line"$'\\t\\x14'
  wait_for '^end' $(( ++n ))
done
sed 's/^end$//' $OUT
zpty -d z
zpty b env TERM=dumb bash --norc --noprofile -i
zpty -w b ${quoted(`source ${scripts.bash}; PS1=`)}
zpty -w b ${quoted(`bind '"\\C-t": "\\C-a: \\"\\C-e\\"; echo typed: $_ >> $OUT\\C-m"'`)}
zpty -w -n b $'adfs-check expl\\tintermediate-m\\t\\x14'
wait_for typed 1
grep typed $OUT
zpty -d b
`
