/** `forewarm deps`: which file imports which. */
import { Command, InvalidArgumentError } from 'commander'
import type { GraphRequest } from '../compose/deps.ts'
import type { Settings } from '../config/schema.ts'
import { cycles } from '../dependencies/cycles.ts'
import { closure, type ImportGraph, restrictedTo, reversed } from '../dependencies/import-graph.ts'
import { graphDot, graphJson } from '../dependencies/render.ts'
import { graphTree } from '../dependencies/tree.ts'
import { ForewarmError } from '../ports/errors.ts'
import { printable } from './printable.ts'
import { counted } from './runs/figures.ts'
import { LINE_START, type Terminal } from './terminal.ts'

export type DepsContext = Omit<Terminal, 'end'> & {
  /** Only asked where a workspace is named. */
  readonly settings: () => Settings | Promise<Settings>
  /** Aborted when the user wants the command to end. */
  readonly signal: AbortSignal
}

type Options = {
  readonly workspace?: string
  readonly depth?: number
  readonly reverse?: true
  readonly cycles?: true
  readonly json?: true
  readonly dot?: true
}

export function depsCommand(context: DepsContext): Command {
  return new Command('deps')
    .description('which file imports which: TypeScript, JavaScript, Python, Go')
    .argument('[paths...]', 'files or folders of the workspace to begin with; none: all files')
    .option('-w, --workspace <folder|name>', 'a folder, or a workspace of the settings; else the working directory')
    .option('--depth <n>', 'follow so many imports from the paths; else all', toDepth)
    .option('--reverse', 'what imports the paths, instead of what they import')
    .option('--cycles', 'only the groups of files that import one another in a circle')
    .option('--json', 'as JSON: {"<file>": ["<file>", …]}; with --cycles a list of lists')
    .option('--dot', 'as a graph for Graphviz')
    .action((paths: readonly string[], options: Options) => run(context, paths, options))
}

/** As shells tell of a program that SIGINT has ended. */
const INTERRUPTED = 130

async function run(context: DepsContext, paths: readonly string[], options: Options): Promise<void> {
  if (options.json && options.dot) throw new ForewarmError('FW_REQUEST_INVALID', 'name one of --json and --dot')
  // Parsers take a tenth of a second to load: no other command waits for them.
  const { readGraph } = await import('../compose/deps.ts')
  const { signal } = context
  const wish = { workspace: options.workspace ?? null, signal, onProgress: progressOf(context) }
  const found = await readGraph(context.settings, wish).catch((cause: unknown) => {
    if (!signal.aborted) throw cause
    return null
  })
  if (found === null) {
    context.report('forewarm: interrupted; what has been parsed is kept\n')
    return context.exit(INTERRUPTED)
  }
  const { graph: whole, counts } = found
  const { unreadable, tooLarge, faulty } = counts
  const tell = (files: number, what: string) => {
    if (files > 0) context.report(`forewarm: ${counted(files, 'file')} ${what}\n`)
  }
  tell(unreadable, 'cannot be read: the imports are missing')
  tell(tooLarge, 'too large: the imports are missing')
  tell(faulty, 'with faults in the source: some imports may be missing')
  context.write(shown(whole, paths, options))
}

function shown(whole: ImportGraph, paths: readonly string[], options: Options): string {
  const graph = options.reverse ? reversed(whole) : whole
  const depth = options.depth ?? Number.POSITIVE_INFINITY
  const roots = rootsOf(graph, paths)
  const chosen = roots === null ? graph : restrictedTo(graph, new Set(closure(graph, roots, depth).keys()))
  if (options.cycles) return shownCycles(chosen, options)
  if (options.json) return graphJson(chosen)
  const named = readable(chosen)
  if (options.dot) return graphDot(named)
  return roots === null ? graphTree(named, [...named.keys()].sort(), 1) : graphTree(named, roots.map(printable), depth)
}

/** Names as they may be shown: what a repository calls its files must not begin lines of its own. */
const readable = (graph: ImportGraph): ImportGraph =>
  new Map([...graph].map(([file, imports]) => [printable(file), imports.map(printable)]))

function shownCycles(graph: ImportGraph, { json, dot }: Options): string {
  const groups = cycles(graph)
  if (json) return `${JSON.stringify(groups, null, 2)}\n`
  if (dot) return graphDot(readable(restrictedTo(graph, new Set(groups.flat()))))
  return groups
    .map((group) => `${group.length} files\n${group.map((file) => `  ${printable(file)}\n`).join('')}`)
    .join('')
}

/** The files that the paths mean; null: all. */
function rootsOf(graph: ImportGraph, paths: readonly string[]): readonly string[] | null {
  if (paths.length === 0) return null
  const known = [...new Set([...graph.keys(), ...[...graph.values()].flat()])].sort()
  const roots = paths.flatMap((path) => {
    const name = path.replace(/^(?:\.\/)+|\/+$/g, '')
    const found = known.filter((file) => name === '.' || file === name || file.startsWith(`${name}/`))
    if (found.length > 0) return found
    const mend = 'name a source file or a folder, relative to the workspace'
    throw new ForewarmError('FW_REQUEST_INVALID', `the import graph has no file ${path}: ${mend}`)
  })
  return [...new Set(roots)]
}

function toDepth(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.')
  return Number(text)
}

/** So many files between two lines of progress. */
const PROGRESS_FILES = 250

function progressOf({ atTerminal, report }: DepsContext): GraphRequest['onProgress'] {
  return (done, of) => {
    if (!atTerminal || of < PROGRESS_FILES) return
    if (done === of) report(LINE_START)
    else if (done % PROGRESS_FILES === 0) report(`${LINE_START}parsing ${done} of ${of} files`)
  }
}
