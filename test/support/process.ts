import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { tail } from './services/command.ts'
import { repositoryRoot } from './services/locations.ts'
import { watchChild } from './services/reaper.ts'

const cliEntry = join(repositoryRoot, 'src/cli/forewarm.ts')

export type SpawnOptions = {
  /** Added to this process's environment, from which every FOREWARM_ and test runner variable is removed. */
  env?: Record<string, string>
  cwd?: string
  /** The TypeScript file to run; forewarm's command line unless told. */
  entry?: string
}

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A forewarm process started by a test, with its output and its end. */
export type ForewarmProcess = {
  pid: number
  stdout: () => string
  stderr: () => string
  /** Resolves with the first whole line of either stream that matches. */
  line: (pattern: RegExp, withinMs?: number) => Promise<string>
  /** Sends a signal (SIGKILL unless told) and resolves with the end. */
  kill: (signal?: NodeJS.Signals) => Promise<Exit>
  /** Resolves when the process has ended by itself. */
  exit: () => Promise<Exit>
}

/** Starts forewarm from its TypeScript sources on the Node that runs the tests. */
export function spawnForewarm(args: readonly string[], options: SpawnOptions = {}): ForewarmProcess {
  const entry = options.entry ?? cliEntry
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: options.cwd ?? repositoryRoot,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid === undefined) throw new Error(`${process.execPath} cannot be started`)
  watchChild(child, `forewarm ${args.join(' ')}`)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.stderr += text
  })
  const ended: Promise<Exit> = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  let hasEnded = false
  ended.then(() => {
    hasEnded = true
  })
  const findLine = (pattern: RegExp) => wholeLines(output).find((line) => pattern.test(line))
  const line = async (pattern: RegExp, withinMs = 120_000) => {
    const isOver = (found: string | undefined) => found !== undefined || hasEnded
    const what = `a line like ${pattern} from forewarm ${args.join(' ')}`
    const found = await eventually(() => findLine(pattern), isOver, { what, withinMs }).catch((error) => {
      throw new Error(`${error.message}; its output ends with\n${tail(output.stdout + output.stderr)}`)
    })
    if (found !== undefined) return found
    throw new Error(`forewarm ${args.join(' ')} ended before ${what}:\n${tail(output.stdout + output.stderr)}`)
  }
  const kill = (signal: NodeJS.Signals = 'SIGKILL') => {
    if (!hasEnded) child.kill(signal)
    return ended
  }
  return { pid: child.pid, stdout: () => output.stdout, stderr: () => output.stderr, line, kill, exit: () => ended }
}

function wholeLines(output: { stdout: string; stderr: string }): string[] {
  return [output.stdout, output.stderr].flatMap((text) => text.split('\n').slice(0, -1))
}

/** This process's environment without forewarm's and the test runner's variables. */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(FOREWARM_|VITEST|NODE_OPTIONS$|NODE_ENV$|TEST$)/.test(name),
  )
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
