/** The command line on an embedded deployment of its own: a real folder, a real file, real processes. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { invoke } from '../../src/cli/invoke.ts'
import { program } from '../../src/cli/program.ts'
import { guarded } from '../../src/cli/terminal.ts'
import { type ForewarmProcess, spawnForewarm } from './process.ts'

export type CliRun = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export type CliWorld = {
  /** The folder in which commands run; the workspace `shop` is below it. */
  readonly folder: string
  readonly workspace: string
  /** Writes files of the workspace. */
  write(files: Readonly<Record<string, string>>): void
  /** Writes files beside the workspace. */
  writeBeside(files: Readonly<Record<string, string>>): void
  start(...args: readonly string[]): ForewarmProcess
  /** Runs a command to its end, in a process of its own. */
  run(...args: readonly string[]): Promise<CliRun>
  /** The same within this process, which is much faster; one at a time. */
  call(...args: readonly string[]): Promise<CliRun>
}

export function cliWorld(): CliWorld {
  const folder = mkdtempSync(join(tmpdir(), 'forewarm-cli-'))
  const workspace = join(folder, 'shop')
  mkdirSync(workspace)
  const env = { FOREWARM_GATEWAY__PORT: '0' }
  const start = (...args: readonly string[]) => spawnForewarm(args, { cwd: folder, env })
  const writeAll = (below: string, files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(below, path)), { recursive: true })
      writeFileSync(join(below, path), text)
    }
  }
  return {
    folder,
    workspace,
    write: (files) => writeAll(workspace, files),
    writeBeside: (files) => writeAll(folder, files),
    start,
    run: async (...args) => {
      const child = start(...args)
      const { code } = await child.exit()
      return { code, stdout: child.stdout(), stderr: child.stderr() }
    },
    call: (...args) => called(folder, args),
  }
}

/** The command line as it is, with its output caught. */
async function called(folder: string, args: readonly string[]): Promise<CliRun> {
  let [stdout, stderr, code] = ['', '', 0]
  const exit = (given: number) => {
    code = given
  }
  const terminal = guarded({
    ...{ atTerminal: false, exit, end: exit },
    write: (text) => {
      stdout += text
    },
    report: (text) => {
      stderr += text
    },
  })
  const before = process.cwd()
  process.chdir(folder)
  try {
    await invoke(program(terminal), args, terminal)
  } finally {
    process.chdir(before)
  }
  return { code, stdout, stderr }
}

/** The objects of NDJSON. */
export const jsonLines = (text: string): readonly Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
