import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { services } from '../../src/adfs/facts.js'
import { installScript as script } from '../../src/kit/script.js'

/**
 * No PowerShell runs here: the script is read as a syntax tree, and what it must check before it acts is asked of that.
 */

const require = createRequire(import.meta.url)
let parse: (text: string) => Node
beforeAll(async () => {
  await Parser.init()
  const grammar = join(
    dirname(require.resolve('tree-sitter-powershell/package.json')),
    'tree-sitter-powershell.wasm',
  )
  const parser = new Parser()
  parser.setLanguage(await Language.load(grammar))
  parse = (text) => parser.parse(text)!.rootNode
})

const nodes = (node: Node): Node[] => [node, ...node.children.flatMap((child) => (child ? nodes(child) : []))]
const one = (text: string) => text.replace(/\s+/g, ' ').trim()

/** Body of a function by its name. */
function functionNamed(root: Node, name: string): Node {
  const found = nodes(root).filter(
    (node) =>
      node.type === 'function_statement' &&
      node.children.some((child) => child?.type === 'function_name' && child.text === name),
  )
  expect(found, name).toHaveLength(1)
  return found[0]!
}

/** Conditions of the `if` statements in a function whose block does nothing but throw, in order. */
const guards = (root: Node, name: string): string[] =>
  nodes(functionNamed(root, name))
    .filter(({ type }) => type === 'if_statement')
    .filter((node) =>
      /^\{ ?throw /.test(one(node.children.find((child) => child?.type === 'statement_block')?.text ?? '')),
    )
    .map((node) => one(node.children.find((child) => child?.type === 'pipeline')!.text))

/** What each place in the tree must hold; a mutant that drops a check drops its condition. */
const mustRefuse: Record<string, readonly string[]> = {
  'Read-Verified': [
    '$sha256 -ne $Entry.Sha256',
    'Test-SelfSigned $certificate',
    '$constraints.Count -ne 1 -or -not $constraints[0].CertificateAuthority',
    '$ForUse -and ($now -lt $certificate.NotBefore -or $now -gt $certificate.NotAfter)',
  ],
  'Read-Data': ["$sha256 -ne (Get-ListedHash 'certificates.json')", '$data.format -ne 1'],
  'Read-File': ["$Entry.file -notmatch '^[A-Za-z0-9][A-Za-z0-9-]*\\.cer$'"],
  'Add-Marked': ['$stored.Count -eq 0'],
}

describe('the script', () => {
  it('parses as PowerShell without an error, and the grammar does find errors', () => {
    const bad = nodes(parse(script)).filter((node) => node.isError || node.isMissing)
    expect(bad.map((node) => `${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`)).toEqual([])
    expect(parse(script.replace('finally {', 'finally (')).hasError).toBe(true)
  })

  it.each(Object.entries(mustRefuse))('%s refuses what it must', (name, conditions) => {
    expect(guards(parse(script), name)).toEqual(conditions)
  })

  it.each([
    ['no test of the hash', 'if ($sha256 -ne $Entry.Sha256)', 'if ($false)'],
    [
      'no test for an authority',
      'if ($constraints.Count -ne 1 -or -not $constraints[0].CertificateAuthority)',
      'if ($false)',
    ],
    [
      'a test that only warns',
      '{ throw "A .cer file was changed',
      '{ Write-Warning "A .cer file was changed',
    ],
  ])('a mutant is seen: %s', (_what, from, to) => {
    expect(script).toContain(from)
    expect(guards(parse(script.replace(from, to)), 'Read-Verified')).not.toEqual(mustRefuse['Read-Verified'])
  })

  it('hashes the bytes that it makes the certificate of', () => {
    const text = one(functionNamed(parse(script), 'Read-Verified').text)
    expect(text).toContain(
      '$bytes = [Convert]::FromBase64String($Entry.Base64) $digest = [System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes) $sha256 = [BitConverter]::ToString($digest)',
    )
    expect(text).toContain(
      '$certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2(, $bytes)',
    )
  })

  it('adds only what was verified, and only by Add-Marked', () => {
    const root = parse(script)
    expect(script.match(/\.Add\(/g)).toHaveLength(1)
    expect(functionNamed(root, 'Add-Marked').text).toContain('$Local.Add($Certificate)')
    const assigned = nodes(root).filter(
      ({ type, text }) => type === 'assignment_expression' && /^\$wanted\b/i.test(text),
    )
    expect(assigned.map(({ text }) => one(text))).toEqual([
      '$wanted = @($Certificates | ForEach-Object { Read-Verified $_ (-not $Remove) })',
    ])
  })

  it('changes something only after ShouldProcess', () => {
    const changing = nodes(parse(script)).filter(
      ({ type, text }) =>
        (type === 'invokation_expression' && /^\$(local|from)\.Remove\(/.test(text)) ||
        (type === 'command' && /^(Add-Marked|Restart-Service) /.test(text)),
    )
    expect(changing).toHaveLength(5)
    for (const change of changing) {
      let inside = false
      for (let node = change.parent; node; node = node.parent)
        if (node.type === 'if_statement' && node.text.startsWith('if ($PSCmdlet.ShouldProcess('))
          inside = true
      expect(inside, change.text).toBe(true)
    }
  })

  it('opens Root for writing only to move out of it what is not self-signed', () => {
    const opened = [...script.matchAll(/Open-LocalStore '(\w+)' (\S+)/g)].map(
      ([, store, mode]) => `${store} ${mode}`,
    )
    expect(opened.filter((text) => text.startsWith('Root'))).toEqual(["Root 'ReadOnly'", 'Root $mode'])
    expect(functionNamed(parse(script), 'Move-Misplaced').text).toContain(
      '@($root.Certificates | Where-Object { -not (Test-SelfSigned $_) })',
    )
  })

  it('moves misplaced certificates only with its own switch', () => {
    expect(script).toContain('if ($MoveMisplaced) { Move-Misplaced -Back $Remove @common }')
    expect(script.match(/Move-Misplaced -Back/g)).toHaveLength(1)
  })

  it('undoes in both stores unless one is named', () => {
    expect(script).toContain(
      "if ($Remove -and -not $PSBoundParameters.ContainsKey('Store')) { $stores = @('CA', 'My') }",
    )
  })

  it('refuses PowerShell 4 and constrained language before anything else, with the way by hand', () => {
    const [first] = nodes(parse(script)).filter(({ type }) => type === 'if_statement')
    expect(one(first!.text)).toMatch(
      /^if \(\$PSVersionTable\.PSVersion\.Major -lt 5 -or .*LanguageMode -ne 'FullLanguage'\) \{.*certutil -addstore \$Store.*throw /,
    )
  })

  it('compares names as encoded, and warns of the self-signed twin of what it adds', () => {
    expect(script).not.toMatch(/\$_\.Subject -(eq|ne)|\.Issuer -(eq|ne)/)
    expect(functionNamed(parse(script), 'Show-Misplaced').text).toContain(
      '(Test-SelfSigned $_) -and ($identities -contains (Get-Identity $_))',
    )
  })

  it('does not report the self-signed certificate that every Windows has among the intermediates', () => {
    expect(script).toContain("-ne 'FEE449EE0E3965A5246F000E87FDE2A065FD89D4'")
  })

  it('restarts the services of both roles', () => {
    const listed = /foreach \(\$name in @\(([^)]*)\)/.exec(script)![1]!.match(/\w+/g)
    expect(listed).toEqual(expect.arrayContaining([...services.wap, ...services.adfs]))
  })

  it('uses nothing that PowerShell 5.1 does not know', () => {
    expect(script).not.toMatch(/\?\?|&&|\|\||-Parallel|Get-Error|\?\.|\bternary\b/)
    // `"$name:"` is read as a drive and fails at run time, which no grammar sees.
    expect(script).not.toMatch(/"[^"\n]*\$(env:)?\w+:[^:\w]/)
  })

  it('is ASCII with Windows line ends', () => {
    expect(script).toMatch(/^[\x09\x0a\x0d\x20-\x7e]*$/)
    expect(script.replaceAll('\r\n', '')).not.toContain('\n')
  })

  it('calls only commands that an administrator can account for', () => {
    const root = parse(script)
    const named = nodes(root).filter(({ type }) => type === 'command_name')
    const own = nodes(root)
      .filter(({ type }) => type === 'function_name')
      .map(({ text }) => text)
    const foreign = new Set(named.map(({ text }) => text).filter((text) => !own.includes(text)))
    expect([...foreign].sort()).toEqual(
      [
        'ConvertFrom-Json',
        'ForEach-Object',
        'Get-ChildItem',
        'Get-Content',
        'Get-Date',
        'Get-FileHash',
        'Get-Service',
        'Invoke-Command',
        'Join-Path',
        'New-Object',
        'Restart-Service',
        'Set-StrictMode',
        'Where-Object',
        'Write-Host',
        'Write-Warning',
      ].sort(),
    )
    expect([...own].sort()).toEqual([...new Set(own)].sort())
  })

  it('has the SHA-256 that the documentation says', () => {
    const documented = readFileSync(new URL('../../docs/reference/kit.md', import.meta.url), 'utf8')
    expect(documented).toContain(createHash('sha256').update(script, 'latin1').digest('hex'))
  })
})
