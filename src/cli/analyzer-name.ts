import { basename } from 'node:path'

/** Programs that run another one, which their first argument names. */
const RUNNERS: ReadonlySet<string> = new Set(['npx', 'pnpx', 'bunx', 'uvx'])

/** What a recorded command is called as an analyzer: its program's name, behind a runner and without a version. */
export function analyzerName([program = '', ...args]: readonly string[]): string {
  const named = RUNNERS.has(basename(program)) ? args.find((arg) => !arg.startsWith('-')) : undefined
  return basename(named ?? program).replace(/(?<=.)@.*$/, '')
}
