import type { Offer, OfferedCommand, Word } from './completion-model.js'

/**
 * One file: the same walk in four languages, which are to be read beside each other. Each script goes through the words before the cursor:
 * an option that takes a value eats the next word, the first other word is a command or the first argument. Then it offers
 * values, options, or commands and arguments. Tables come from the model; words in them need no quotes in any shell, and
 * descriptions have no quotes (`completion-model.ts`).
 */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

export const completionScript = (shell: Shell, model: readonly OfferedCommand[]): string =>
  ({ bash, zsh, fish, powershell })[shell](model)

/** `words text json`, `keyed text json`, `files`, `folders`, `open`. */
const offerText = (offer: Offer): string =>
  'words' in offer ? [offer.kind, ...offer.words.map(({ word }) => word)].join(' ') : offer.kind

/** `command/option` and what it takes, of options that take something. */
const values = (model: readonly OfferedCommand[]): readonly (readonly [string, string])[] =>
  model.flatMap(({ path, options }) =>
    options.flatMap(({ word, value }) => (value ? [[`${path}/${word}`, offerText(value)] as const] : [])),
  )

/** Entries that say the same, together. */
function grouped(entries: readonly (readonly [string, string])[]): readonly (readonly [string[], string])[] {
  const groups = new Map<string, string[]>()
  for (const [key, text] of entries) groups.set(text, [...(groups.get(text) ?? []), key])
  return [...groups].map(([text, keys]) => [keys, text] as const)
}

const words = (list: readonly Word[]): string => list.map(({ word }) => word).join(' ')

function bash(model: readonly OfferedCommand[]): string {
  const cases = (entries: readonly (readonly [string, string])[], name: string) =>
    grouped(entries)
      .map(([keys, text]) => `    ${keys.map((key) => `'${key}'`).join(' | ')}) ${name}='${text}' ;;\n`)
      .join('')
  return `# bash completion of adfs-check; made by "adfs-check completion bash"

_adfs_check_value() {
  case "$1" in
${cases(values(model), 'offer')}    *) offer='' ;;
  esac
}

_adfs_check_command() {
  case "$1" in
${model
  .map(
    ({ path, commands, options, argument }) =>
      `    '${path}') commands='${words(commands)}' options='${words(options)}' argument='${offerText(argument)}' ;;\n`,
  )
  .join('')}  esac
}

_adfs_check() {
  local command='' commands='' options='' argument='' offer='' kind='' expects='' last='' eaten='' skip='' seen='' word='' index
  local current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  # Bash itself takes words apart at "=" and ":".
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ $word == '=' ]]; then
      expects="$last"
    elif [[ $word == ':' ]]; then
      skip=yes
    elif [[ -n $skip ]]; then
      skip=''
    elif [[ -n $expects ]]; then
      last="$expects" expects='' eaten=yes
    elif [[ $word == -* ]]; then
      last="$word" eaten=''
      _adfs_check_value "$command/$word"
      [[ -z $offer ]] || expects="$word"
    else
      _adfs_check_command "$command"
      if [[ -z $seen && " $commands " == *" $word "* ]]; then
        command="\${command:+$command }$word"
      else
        seen=yes
      fi
    fi
  done
  if [[ $current == '=' ]]; then
    expects="\${expects:-$last}" current=''
  fi
  [[ -n $skip || $current == ':' ]] && return
  _adfs_check_command "$command"
  if [[ -n $expects ]]; then
    _adfs_check_value "$command/$expects"
  elif [[ $current == -* ]]; then
    offer="words $options"
  elif [[ -z $seen && -n $commands ]]; then
    offer="words $commands"
  else
    offer="$argument"
  fi
  kind="\${offer%% *}"
  # After its word and "=", a file.
  [[ $kind == keyed && -n $eaten ]] && kind=files
  case "$kind" in
    words) COMPREPLY=($(compgen -W "\${offer#words}" -- "$current")) ;;
    keyed)
      COMPREPLY=($(compgen -S = -W "\${offer#keyed}" -- "$current"))
      compopt -o nospace 2>/dev/null
      ;;
    files | folders)
      # Bash 3.2 has none, and needs none.
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
        if [[ $kind == files ]]; then compgen -f -- "$current"; else compgen -d -- "$current"; fi
      )
      ;;
  esac
}

complete -F _adfs_check adfs-check
`
}

function zsh(model: readonly OfferedCommand[]): string {
  const described = (list: readonly Word[]) =>
    list.map(({ word, about }) => `'${`${word}:${about.replaceAll(':', '\\:')}`}'`).join(' ')
  const findings = model.flatMap(({ argument }) => ('words' in argument ? argument.words : []))
  return `#compdef adfs-check
# zsh completion of adfs-check; made by "adfs-check completion zsh"

_adfs_check_offer() {
  local offer=$1
  case $\{offer%% *} in
    words)
      if (( $+described )); then _describe value described; else compadd -- $\{=$\{offer#words}}; fi ;;
    keyed)
      if compset -P '*='; then _files; else compadd -q -S = -- $\{=$\{offer#keyed}}; fi ;;
    files) _files ;;
    folders) _files -/ ;;
  esac
}

_adfs_check_describe() {
  case $1 in
${model
  .map(
    ({ path, commands, options }) =>
      `    '${path}')\n      commands=(${described(commands)})\n      options=(${described(options)}) ;;\n`,
  )
  .join('')}  esac
}

_adfs_check() {
  local command expects seen word current=$words[CURRENT]
  local -a commands options
  local -A values arguments
  integer index
  values=(
${values(model)
  .map(([key, text]) => `    '${key}' '${text}'\n`)
  .join('')}  )
  arguments=(
${model.map(({ path, argument }) => `    '${path}/' '${offerText(argument)}'\n`).join('')}  )
  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    if [[ -n $expects ]]; then
      expects=
    elif [[ $word == -* ]]; then
      (( $+values[$command/$word] )) && expects=$word
    else
      _adfs_check_describe "$command"
      if [[ -z $seen ]] && (( $\{commands[(I)$word:*]} )); then
        command=$\{command:+$command }$word
      else
        seen=yes
      fi
    fi
  done
  _adfs_check_describe "$command"
  if [[ -n $expects ]]; then
    _adfs_check_offer $values[$command/$expects]
  elif [[ $current == --*=* ]] && (( $+values[$command/$\{current%%=*}] )); then
    expects=$\{current%%=*}
    compset -P 1 '*='
    _adfs_check_offer $values[$command/$expects]
  elif [[ $current == -* ]]; then
    _describe -o option options
  elif [[ -z $seen && $#commands -gt 0 ]]; then
    _describe command commands
  else
    local -a described
    [[ $command == explain ]] && described=(${described(findings.filter(({ about }) => about !== ''))}) || unset described
    _adfs_check_offer "$arguments[$command/]"
  fi
}

if [[ $funcstack[1] == _adfs[-_]check ]]; then _adfs_check "$@"; else compdef _adfs_check adfs-check; fi
`
}

function fish(model: readonly OfferedCommand[]): string {
  const rows = (list: readonly Word[]) =>
    list.map(({ word, about }) => `'${about === '' ? word : `${word}\t${about}`}'`).join(' ')
  const offers = (offer: Offer) =>
    'words' in offer
      ? offer.kind === 'keyed'
        ? `__adfs_check_keyed ${words(offer.words)}`
        : offer.words.length === 0
          ? 'true'
          : `printf '%s\\n' ${rows(offer.words)}`
      : {
          files: '__adfs_check_files',
          folders: '__fish_complete_directories (__adfs_check_current)',
          open: 'true',
        }[offer.kind]
  const known = model.flatMap(({ path, options }) =>
    options.flatMap(({ word, value }) => (value ? [[`${path}/${word}`, offers(value)] as const] : [])),
  )
  return `# fish completion of adfs-check; made by "adfs-check completion fish"

# What is being typed, without the option that it is joined to.
function __adfs_check_current
    string replace -r -- '^--[a-z-]+=' '' (commandline -ct)
end

function __adfs_check_files
    __fish_complete_path (__adfs_check_current)
end

function __adfs_check_keyed
    set -l current (__adfs_check_current)
    if string match -q '*=*' -- $current
        set -l key (string replace -r '=.*' '=' -- $current)
        for file in (__fish_complete_path (string replace -r '^[^=]*=' '' -- $current))
            echo $key$file
        end
    else
        printf '%s=\\n' $argv
    end
end

function __adfs_check_value
    switch $argv[1]
${grouped(known)
  .map(([keys, text]) => `        case ${keys.map((key) => `'${key}'`).join(' ')}\n            ${text}\n`)
  .join('')}        case '*'
            return 1
    end
end

function __adfs_check_takes
    switch $argv[1]
        case ${known.map(([key]) => `'${key}'`).join(' ')}
            return 0
    end
    return 1
end

function __adfs_check_commands
    switch $argv[1]
${model
  .filter(({ commands }) => commands.length > 0)
  .map(({ path, commands }) => `        case '${path}'\n            printf '%s\\n' ${rows(commands)}\n`)
  .join('')}    end
end

function __adfs_check_options
    switch $argv[1]
${model.map(({ path, options }) => `        case '${path}'\n            printf '%s\\n' ${rows(options)}\n`).join('')}    end
end

function __adfs_check_arguments
    switch $argv[1]
${model.map(({ path, argument }) => `        case '${path}'\n            ${offers(argument)}\n`).join('')}    end
end

function __adfs_check
    set -l command ''
    set -l expects ''
    set -l seen ''
    for word in (commandline -opc)[2..-1]
        if test -n "$expects"
            set expects ''
        else if string match -q -- '-*' $word
            __adfs_check_takes "$command/$word"; and set expects $word
        else if test -z "$seen"; and contains -- $word (__adfs_check_commands "$command" | string replace -r '\\t.*' '')
            set command (string trim "$command $word")
        else
            set seen yes
        end
    end
    set -l current (commandline -ct)
    if test -n "$expects"
        __adfs_check_value "$command/$expects"
    else if string match -qr '^--[a-z-]+=' -- $current; and __adfs_check_takes "$command/"(string replace -r '=.*' '' -- $current)
        set -l option (string replace -r '=.*' '' -- $current)
        __adfs_check_value "$command/$option" | string replace -r -- '^' "$option="
    else if string match -q -- '-*' $current
        __adfs_check_options "$command"
    else if test -z "$seen"; and test -n "$(__adfs_check_commands "$command")"
        __adfs_check_commands "$command"
    else
        __adfs_check_arguments "$command"
    end
end

complete -c adfs-check -f -a '(__adfs_check)'
`
}

function powershell(model: readonly OfferedCommand[]): string {
  const list = (of: readonly Word[]) =>
    `@(${of.map(({ word, about }) => `'${about === '' ? word : `${word}|${about}`}'`).join(', ')})`
  const offer = (one: Offer) =>
    'words' in one
      ? `@{ Kind = '${one.kind}'; Words = ${list(one.words)} }`
      : `@{ Kind = '${one.kind}'; Words = @() }`
  return `# PowerShell completion of adfs-check; made by "adfs-check completion powershell"

$adfsCheckCommands = @{
${model
  .map(
    ({ path, commands, options, argument }) => `  '${path}' = @{
    Commands = ${list(commands)}
    Options = ${list(options)}
    Takes = @{
${options.flatMap(({ word, value }) => (value ? [`      '${word}' = ${offer(value)}\n`] : [])).join('')}    }
    Argument = ${offer(argument)}
  }
`,
  )
  .join('')}}

# Options are told apart by case: -v and -V.
$adfsCheckComplete = {
  param($wordToComplete, $commandAst, $cursorPosition)
  $command = ''
  $expects = ''
  $seen = $false
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text.Trim([char[]]@([char]34, [char]39)) })
  foreach ($word in $before) {
    $here = $adfsCheckCommands[$command]
    $names = @($here.Commands | ForEach-Object { ($_ -split '\\|', 2)[0] })
    if ($expects -ne '') { $expects = '' }
    elseif ($word.StartsWith('-')) {
      if (@($here.Takes.Keys) -ccontains $word) { $expects = $word }
    }
    elseif (-not $seen -and $names -ccontains $word) { $command = "$command $word".Trim() }
    else { $seen = $true }
  }
  $here = $adfsCheckCommands[$command]
  $offer = $here.Argument
  $prefix = ''
  $current = $wordToComplete
  if ($expects -ne '') { $offer = $here.Takes[$expects] }
  elseif ($current -match '^(--[a-z-]+)=(.*)$' -and $here.Takes.ContainsKey($Matches[1])) {
    $offer = $here.Takes[$Matches[1]]
    $prefix = $Matches[1] + '='
    $current = $Matches[2]
  }
  elseif ($current.StartsWith('-')) { $offer = @{ Kind = 'words'; Words = $here.Options } }
  elseif (-not $seen -and $here.Commands.Count -gt 0) { $offer = @{ Kind = 'words'; Words = $here.Commands } }
  if ($offer.Kind -eq 'words' -or ($offer.Kind -eq 'keyed' -and -not $current.Contains('='))) {
    foreach ($entry in $offer.Words) {
      $name, $about = $entry -split '\\|', 2
      if (-not $name.StartsWith($current)) { continue }
      if ($offer.Kind -eq 'keyed') { $name = $name + '=' }
      if (-not $about) { $about = $name }
      [System.Management.Automation.CompletionResult]::new($prefix + $name, $name, 'ParameterValue', $about)
    }
  }
  elseif ($offer.Kind -eq 'keyed') {
    $key, $file = $current -split '=', 2
    Resolve-Path -Relative -Path "$file*" -ErrorAction SilentlyContinue | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new("$prefix$key=$_", $_, 'ProviderItem', $_)
    }
  }
  # Nothing for files and folders: PowerShell then offers them itself.
}

Register-ArgumentCompleter -Native -CommandName 'adfs-check', 'adfs-check.cmd', 'adfs-check.exe', 'adfs-check.ps1' -ScriptBlock $adfsCheckComplete
`
}
