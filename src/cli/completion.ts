/** `forewarm completion`: a script by which a shell completes commands and options, made from the commands themselves. */
import { Argument, Command, type Option } from 'commander'

/** One place in the tree of commands. */
type Place = {
  /** ` runs list`; empty for forewarm itself. */
  readonly path: string
  readonly commands: readonly Command[]
  readonly options: readonly Option[]
  /** What may stand in the place of its arguments, where that is a choice. */
  readonly choices: readonly string[]
}

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const NOTES = `
For this shell:    source <(forewarm completion bash)        zsh: the same with zsh; fish: forewarm completion fish | source
For every shell:   forewarm completion bash > ~/.local/share/bash-completion/completions/forewarm
                   forewarm completion fish > ~/.config/fish/completions/forewarm.fish
                   zsh: put the first line into ~/.zshrc`

/** `root` is asked when the command runs: by then it has all its commands. */
export function completionCommand(root: () => Command, write: (text: string) => void): Command {
  return new Command('completion')
    .description('print the script by which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices([...SHELLS]))
    .option('--json', 'as JSON: {shell, script}')
    .addHelpText('after', NOTES)
    .action((shell: Shell, { json }: { json?: true }) => {
      const script = SCRIPTS[shell]([...placesOf(root(), '')])
      write(json ? `${JSON.stringify({ shell, script })}\n` : script)
    })
}

function* placesOf(command: Command, path: string): Iterable<Place> {
  const { commands, options, registeredArguments } = command
  const choices = registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  yield { path, commands, options: options.filter(({ hidden }) => !hidden), choices }
  for (const one of command.commands) yield* placesOf(one, `${path} ${one.name()}`)
}

const HELP = '--help'

const wordsOf = ({ commands, options, choices }: Place): readonly string[] => [
  ...commands.map((command) => command.name()),
  ...choices,
  ...options.flatMap(({ long }) => long ?? []),
  HELP,
]

const choicesOf = (places: readonly Place[]): readonly (readonly [path: string, words: readonly string[]])[] =>
  places.flatMap(({ path, options }) =>
    options.flatMap(({ long, short, argChoices = [] }) =>
      argChoices.length === 0 ? [] : [long, short].flatMap((flag) => (flag ? [[`${path} ${flag}`, argChoices]] : [])),
    ),
  )

const caseOf = (pattern: string, words: readonly string[]): string => `    "${pattern}") words="${words.join(' ')}" ;;`

/** Where nothing of ours fits, the shell completes names of files. */
const bash = (places: readonly Place[]): string => `_forewarm() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "$path \${COMP_WORDS[at]}" in
      ${places.flatMap(({ path }) => (path === '' ? [] : [`"${path}"`])).join('|')}) path="$path \${COMP_WORDS[at]}" ;;
    esac
  done
  case "$path" in
${places.map((place) => caseOf(place.path, wordsOf(place))).join('\n')}
  esac
  case "$path $before" in
${choicesOf(places)
  .map(([pattern, words]) => caseOf(pattern, words))
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _forewarm forewarm
`

/** zsh reads bash's own way of completing. */
const zsh = (places: readonly Place[]): string =>
  `autoload -Uz compinit bashcompinit && compinit -u && bashcompinit\n${bash(places)}`

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const fish = (places: readonly Place[]): string => `function __forewarm_at
  set -l path ''
  for word in (commandline -opc)[2..]
    if contains -- "$path $word" ${places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' ')}
      set path "$path $word"
    end
  end
  test "$path" = "$argv[1]"
end
${places.flatMap(fishLines).join('\n')}
`

function fishLines({ path, commands, options, choices }: Place): readonly string[] {
  const here = `complete -c forewarm -n ${quoted(`__forewarm_at "${path}"`)}`
  return [
    ...commands.map((command) => `${here} -a ${quoted(command.name())} -d ${quoted(command.description())}`),
    ...(choices.length > 0 ? [`${here} -f -a ${quoted(choices.join(' '))}`] : []),
    ...options.flatMap(({ long, short, description, argChoices }) => {
      if (long === undefined) return []
      const flags = ` -l ${quoted(long.slice(2))}${short ? ` -s ${short.slice(1)}` : ''}`
      const values = argChoices === undefined ? '' : ` -x -a ${quoted(argChoices.join(' '))}`
      return [`${here}${flags} -d ${quoted(description)}${values}`]
    }),
  ]
}

const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish }
