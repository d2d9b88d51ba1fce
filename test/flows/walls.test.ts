/** Workspaces are walls: whatever happens side by side in one worker, no byte of one lies under a name of another. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { CONTENT_LAYER } from '../../src/ports/layer.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import { aCommand, createCountingOrigin, createWorker, filesAt } from '../support/warm-worker.ts'

/** Names that a careless key would confuse; the last has no origin on this worker. */
const WORKSPACES = ['acme/web', 'acme', 'acme/web/src', 'ACME/web', 'stranger'] as const
const PATHS = ['src/a.ts', 'web/src/a.ts', 'a.ts', 'web/a.ts'] as const
/** The same for all, as it is where two tenants' files claim the same content. */
const VERSION = 'v-same'

type Wish = { readonly workspace: string; readonly paths: readonly string[]; readonly isVersioned: boolean }

const wishes = fc.array(
  fc.record({
    workspace: fc.constantFrom(...WORKSPACES),
    paths: fc.uniqueArray(fc.constantFrom(...PATHS), { minLength: 1 }),
    isVersioned: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)

const secretOf = (workspace: string, path: string) => `${workspace} holds ${path}`

const keyOf = (workspace: string, path: string) =>
  valueKey({ workspace, layer: 'content', producerVersion: CONTENT_LAYER.version, path, version: VERSION }, sha256Hex)

/** One worker with an origin each for all workspaces but the stranger; their reads end in the scheduler's order. */
function createShared(scheduler: fc.Scheduler) {
  const originOf = (workspace: string) =>
    createCountingOrigin(new Map(), async (path) => {
      await scheduler.schedule(Promise.resolve(), `${workspace}: ${path}`)
      const bytes = new TextEncoder().encode(secretOf(workspace, path))
      return { outcome: 'read', file: { bytes, version: VERSION } }
    })
  const origins = new Map(WORKSPACES.slice(0, -1).map((workspace) => [workspace as string, originOf(workspace)]))
  return createWorker({ origin: originOf('nobody'), origins: (workspace) => origins.get(workspace) ?? null })
}

const commandOf = ({ workspace, paths, isVersioned }: Wish, at: number) =>
  aCommand({
    id: `command-${at}`,
    workspace,
    session: `${workspace}:1:eslint`,
    files: filesAt(...paths).map((file) => ({ ...file, version: isVersioned ? VERSION : null })),
  })

test('no interleaving of commands yields a byte of one workspace under a name of another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), wishes, async (scheduler, wished) => {
      const worker = createShared(scheduler)
      const carriedOut = Promise.all(wished.map((wish, at) => worker.handle([commandOf(wish, at)])))
      await scheduler.waitFor(carriedOut)
      for (const workspace of WORKSPACES) {
        const asked = new Set(wished.filter((wish) => wish.workspace === workspace).flatMap(({ paths }) => paths))
        for (const path of PATHS) {
          const entry = await worker.cache.get(keyOf(workspace, path))
          const own = workspace !== 'stranger' && asked.has(path) ? secretOf(workspace, path) : null
          expect([workspace, path, entry && new TextDecoder().decode(entry.value)]).toEqual([workspace, path, own])
        }
      }
      const strange = (await worker.outcomes()).filter(({ workspace }) => workspace === 'stranger')
      expect(strange.flatMap(({ files }) => files.map(({ detail }) => detail))).toEqual(
        wished.flatMap(({ workspace, paths }) => (workspace === 'stranger' ? paths.map(() => 'workspace') : [])),
      )
    }),
    { numRuns: 25 },
  )
})
