import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnForewarm } from '../process.ts'

/** What `forewarm deps --json` says of a folder, parsed anew: nothing is kept from run to run. */
export async function depsOf(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const cache = await mkdtemp(join(tmpdir(), 'forewarm-deps-'))
  try {
    const deps = spawnForewarm(['deps', '--workspace', folder, '--json'], { env: { XDG_CACHE_HOME: cache } })
    const { code } = await deps.exit()
    if (code !== 0) throw new Error(`forewarm deps ended with ${code}: ${deps.stderr()}`)
    return new Map(Object.entries(JSON.parse(deps.stdout())))
  } finally {
    await rm(cache, { recursive: true })
  }
}
