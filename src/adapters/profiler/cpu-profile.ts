/** Where the processor's time of this process goes, by V8's sampling profiler. */
import { writeFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'
import { ForewarmError } from '../../ports/errors.ts'

export type FunctionTime = {
  readonly name: string
  /** File and line, as V8 names them. */
  readonly place: string
  /** Time in the function itself, without what it calls. */
  readonly selfMs: number
}

export type CpuProfile = {
  /** Functions by their own time, the most first. */
  readonly functions: readonly FunctionTime[]
  /** Writes the profile for a viewer of flame graphs: Chrome's DevTools, speedscope and editors open `.cpuprofile`. */
  save(file: string): void
}

/** Time between two samples. */
const SAMPLE_US = 500

/** Starts sampling; what is returned ends it. */
export async function startCpuProfile(): Promise<() => Promise<CpuProfile>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return { functions: functionTimes(profile), save: (file) => save(file, profile) }
  }
}

function functionTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly FunctionTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, { readonly name: string; readonly place: string; selfMs: number }>()
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id)
    if (frame === undefined || frame.functionName === '(idle)') continue
    const place = frame.url === '' ? '' : `${frame.url}:${frame.lineNumber + 1}`
    const key = `${frame.functionName} ${place}`
    const known = times.get(key) ?? { name: frame.functionName || '(anonymous)', place, selfMs: 0 }
    known.selfMs += (timeDeltas[at] ?? 0) / 1_000
    times.set(key, known)
  }
  return [...times.values()].sort((one, other) => other.selfMs - one.selfMs)
}

function save(file: string, profile: Profiler.Profile): void {
  try {
    writeFileSync(file, JSON.stringify(profile))
  } catch (cause) {
    throw new ForewarmError('FW_CONFIG_INVALID', `cannot write the profile ${file}: name a file that can be written`, {
      cause,
    })
  }
}
