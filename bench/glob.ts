/** Paths a second that globs are matched against, beside picomatch's cousin that comes with Node; and the worst of hostile ones. */
import { matchesGlob } from 'node:path'
import { GLOB_LENGTH_MAX, readGlob } from '../src/warming/glob.ts'
import type { Bench } from './report.ts'

/** What one round holds for each second that it may take, about. */
const PATHS_PER_SECOND = 20_000

const ORDINARY = ['src/core/*.py', 'packages/*/src/**/*.ts', '**/*.py', '**/{core,util}/**/module-*7.{ts,py}']

/** As many stars as there may be, and a path that they all nearly match, as long as a path may be. */
const HOSTILE = `${'*a'.repeat(31)}*b`
const LONGEST = `${'a'.repeat(1_023)}c`

const FOLDERS = ['a', 'core', 'util']

export const measureGlob: Bench = async ({ seconds, rounds, progress }) => {
  const paths = Array.from({ length: Math.ceil(seconds * PATHS_PER_SECOND) }, (_, at) => {
    return `packages/p${at % 50}/src/${FOLDERS[at % FOLDERS.length]}/module-${at}.${at % 2 ? 'ts' : 'py'}`
  })
  const measured = Array.from({ length: rounds }, () => ({
    reference: perSecond(paths, (pattern) => (path) => matchesGlob(path, pattern)),
    value: perSecond(paths, (pattern) => compiled(pattern).matches),
  }))
  const startedMs = performance.now()
  const { steps } = compiled(HOSTILE).measured(LONGEST)
  const tookMs = performance.now() - startedMs
  progress(
    `the worst glob of ${HOSTILE.length} of ${GLOB_LENGTH_MAX} characters: ${steps} steps, ${tookMs.toFixed(1)} ms`,
  )
  return [{ measure: 'match globs', unit: 'paths/s', reference: 'node:path matchesGlob', rounds: measured }]
}

function compiled(pattern: string) {
  const glob = readGlob(pattern)
  if ('problem' in glob) throw new Error(`${pattern} ${glob.problem}`)
  return glob
}

function perSecond(paths: readonly string[], matcherOf: (pattern: string) => (path: string) => boolean): number {
  const startedMs = performance.now()
  for (const pattern of ORDINARY) {
    const matches = matcherOf(pattern)
    for (const path of paths) matches(path)
  }
  return (1_000 * ORDINARY.length * paths.length) / (performance.now() - startedMs)
}
