/** `forewarm init`: a first settings file, commented. */
import { writeFileSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { workspaceRoot } from '../compose/workspace-of.ts'
import { settingsFrom } from '../config/load.ts'
import { starterSettings } from '../config/starter.ts'
import { ForewarmError } from '../ports/errors.ts'
import { type CommandContext, STARTER_FILE } from './context.ts'

type Options = {
  readonly distributed?: true
  readonly workspace?: string
  readonly force?: true
  readonly json?: true
}

export function initCommand({ write }: Pick<CommandContext, 'write'>): Command {
  return new Command('init')
    .description('write a first settings file for the project that this folder is in, with what each setting means')
    .argument('[file]', 'the file to write; - for the terminal', STARTER_FILE)
    .option('--distributed', 'for Kafka, Redis and a schema registry instead of one file')
    .option('--workspace <name>', 'name of the workspace; that of the checkout unless told')
    .option('--force', 'replace a file that is there')
    .option('--json', 'as JSON: {file, mode, workspace}; with - also its text')
    .action((file: string, { distributed, workspace, force, json }: Options) => {
      const root = workspaceRoot(process.cwd())
      const mode = distributed ? 'distributed' : 'embedded'
      const name = workspace ?? basename(root)
      const text = starterSettings({ mode, workspace: name, directory: relative(process.cwd(), root) || '.' })
      // A name that settings cannot have is told before anything is written.
      settingsFrom({ file: { name: file, text } })
      if (file === '-') return write(json ? `${JSON.stringify({ file, mode, workspace: name, text })}\n` : text)
      save(file, text, force === true)
      write(json ? `${JSON.stringify({ file, mode, workspace: name })}\n` : told(file, name, mode))
    })
}

function save(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' })
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const mend = isThere
      ? 'is there already: name another file, or replace it with --force'
      : 'cannot be written: name a file in a folder that may be'
    throw new ForewarmError('FW_CONFIG_INVALID', `${file} ${mend}`, { cause })
  }
}

function told(file: string, workspace: string, mode: string): string {
  const next = mode === 'embedded' ? ['forewarm up'] : ['forewarm topics apply', 'forewarm doctor']
  // No command takes a settings file for its being there: a checkout is not trusted to choose plugins and servers.
  const named = `export FOREWARM_CONFIG=${quoted(resolve(file))}    # or --config with each command`
  const lines = [`${file}: the workspace ${workspace}, ${mode}. Next:`, ...[named, ...next].map((line) => `  ${line}`)]
  return `${lines.join('\n')}\n`
}

/** As one word of a shell. */
const quoted = (path: string): string => (/^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)
