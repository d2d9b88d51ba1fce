/** go.mod and go.work, as far as they say where a module's packages lie. */

export type ModuleFile = {
  /** The path of `module`; '' in go.work. */
  readonly module: string
  /** Folders of `use`, as written. */
  readonly uses: readonly string[]
  /** Local folders by the module path that they stand for, as written. */
  readonly replaced: ReadonlyMap<string, string>
}

type Directive = { readonly name: string; readonly words: readonly string[] }

/** Lines that mean nothing are passed over, as what another version of Go may have put there. */
export function parseModuleFile(bytes: Uint8Array): ModuleFile {
  const directives = directivesOf(new TextDecoder().decode(bytes))
  const replaced = new Map<string, string>()
  for (const { name, words } of directives) {
    const [path = '', target = ''] = [words[0], words[words.indexOf('=>') + 1]]
    if (name === 'replace' && words.includes('=>') && isLocal(target)) replaced.set(path, target)
  }
  return {
    module: directives.find(({ name }) => name === 'module')?.words[0] ?? '',
    uses: directives.filter(({ name }) => name === 'use').map(({ words }) => words[0] ?? ''),
    replaced,
  }
}

const isLocal = (target: string): boolean => target.startsWith('./') || target.startsWith('../') || target === '..'

function directivesOf(text: string): readonly Directive[] {
  const found: Directive[] = []
  let block: string | undefined
  for (const line of text.split('\n')) {
    const [first, ...words] = wordsOf(line)
    if (first === undefined) continue
    if (block !== undefined) {
      if (first === ')') block = undefined
      else found.push({ name: block, words: [first, ...words] })
    } else if (words.at(-1) === '(') block = first
    else found.push({ name: first, words })
  }
  return found
}

/** Words of a line without its comment; quotes may stand around one. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/"[^"]*"|`[^`]*`|\/\/.*|[()]|[^\s()"`]+/g) ?? []
  const comment = words.findIndex((word) => word.startsWith('//'))
  return words.slice(0, comment < 0 ? undefined : comment).map((word) => word.replace(/^["`]|["`]$/g, ''))
}
