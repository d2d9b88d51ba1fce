import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import type { WarmedFile } from '../../src/model/outcome.ts'
import { CONTENT_LAYER } from '../../src/ports/layer.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import type { WarmCommand } from '../../src/warming/command.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { aFile, readOutcomes } from '../support/warm-worker.ts'

const WORKSPACE = 'acme/web'
const FILES = 320
const FILES_PER_COMMAND = 10
/** Every file is asked for by two commands. */
const COMMANDS = (2 * FILES) / FILES_PER_COMMAND
const FILE_BYTES = 16_384
const KILLS = 4
/** Some are left for each of its lives, however late it is killed. */
const SLOW = { FOREWARM_WARM__LIMITS__FILES_PER_SECOND_MAX: '40' }
const { version: producerVersion } = CONTENT_LAYER

type Tree = { readonly directory: string; readonly files: ReadonlyMap<string, Uint8Array> }

async function makeTree(): Promise<Tree> {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-worker-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, 'src'))
  const files = new Map(Array.from({ length: FILES }, (_, at) => [`src/${at}.bin`, randomBytes(FILE_BYTES)]))
  for (const [path, bytes] of files) await writeFile(join(directory, path), bytes)
  return { directory, files }
}

function commandsFor({ files }: Tree): WarmCommand[] {
  const paths = [...files.keys()]
  return Array.from({ length: COMMANDS }, (_, at) => ({
    ...{ id: `command-${at}`, workspace: WORKSPACE, shard: 0, runId: null, session: null, revision: null },
    ...{
      issuedAtMs: Date.now(),
      deadlineMs: Date.now() + 600_000,
      mode: 'warm',
      firstFile: 0,
      parallelMax: 0,
      bytesPerSecondMax: 0,
      bytesMax: 100_000_000,
      pressureMax: 1,
    },
    files: Array.from({ length: FILES_PER_COMMAND }, (_, of) =>
      aFile({ path: paths[(at * FILES_PER_COMMAND + of) % FILES] ?? '' }),
    ),
  }))
}

async function send({ engines: { log, codec } }: Deployment, commands: readonly WarmCommand[]): Promise<void> {
  const records = commands.map(async (command) => ({
    ...{ key: command.id, headers: new Map<string, string>() },
    value: await codec.encode('warm-commands', command),
  }))
  await log.append('warm-commands', await Promise.all(records))
}

const keysOf = ({ files }: Tree) =>
  [...files].map(([path, bytes]) =>
    valueKey({ workspace: WORKSPACE, layer: 'content', producerVersion, path, version: blobId(bytes) }, sha256Hex),
  )

it('every file of every command ends in an outcome, and is brought in once, however often the worker is killed', async () => {
  const tree = await makeTree()
  const deployment = await deploy({ workspaces: new Map([[WORKSPACE, tree.directory]]) })
  onTestFinished(deployment.close)
  const { engines } = deployment
  const cache = engines.cache()
  const keys = keysOf(tree)
  const cached = async () => (await cache.has(keys)).filter(Boolean).length
  const warmed = async () =>
    (await readOutcomes(engines)).flatMap(({ files }) => files).filter(({ outcome }) => outcome === 'warmed').length

  await send(deployment, commandsFor(tree))
  const unfinished: number[] = []
  for (let life = 0; life < KILLS; life += 1) {
    const before = await cached()
    const worker = await deployment.start('warm', {
      FOREWARM_WARM__CONCURRENCY: '2',
      FOREWARM_WARM__BATCH_RECORDS_MAX: '4',
      ...SLOW,
    })
    await eventually(cached, (count) => count > before + 7, { what: 'some files', everyMs: 1 })
    await worker.kill()
    unfinished.push((await cached()) - (await warmed()))
  }
  console.log(`files in the cache without an outcome at each kill: ${unfinished.join(' ')}`)
  expect(Math.max(...unfinished), 'at least one kill in the middle of a command').toBeGreaterThan(0)

  await deployment.start('warm')
  const outcomes = await eventually(
    () => readOutcomes(engines),
    (all) => new Set(all.map(({ commandId }) => commandId)).size === COMMANDS,
    { what: 'an outcome of every command', withinMs: 60_000, everyMs: 200 },
  )
  const ended = new Map<string, WarmedFile[]>()
  for (const { files } of outcomes)
    for (const file of files) ended.set(file.path, [...(ended.get(file.path) ?? []), file])
  expect(new Set(ended.keys())).toEqual(new Set(tree.files.keys()))
  for (const [path, ends] of ended) {
    expect(ends.length, `outcomes of ${path}`).toBeGreaterThanOrEqual(2)
    expect(ends.filter(({ outcome }) => outcome === 'warmed').length, `times ${path} was brought in`).toBeLessThan(2)
    expect(
      ends.every(({ outcome }) => outcome === 'warmed' || outcome === 'present'),
      path,
    ).toBe(true)
  }
  for (const [at, [path, bytes]] of [...tree.files].entries()) {
    const key = keys[at]
    const entry = key === undefined ? null : await cache.get(key)
    expect(entry && Buffer.compare(entry.value, bytes), path).toBe(0)
  }
})
