import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import type { CacheKey } from '../../src/ports/cache.ts'
import { CONTENT_LAYER } from '../../src/ports/layer.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import type { WarmCommand } from '../../src/warming/command.ts'
import type { Deployment } from './deployment.ts'
import { aCommand, filesAt } from './warm-worker.ts'

export type WarmTree = {
  readonly directory: string
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Names of their values in the cache, in the order of the files. */
  readonly keys: readonly CacheKey[]
}

/** A folder with so many files of random bytes, `src/0.bin` and so on; gone after the test. */
export async function makeWarmTree(workspace: string, size: { files: number; bytes: number }): Promise<WarmTree> {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-tree-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, 'src'))
  const files = new Map(Array.from({ length: size.files }, (_, at) => [`src/${at}.bin`, randomBytes(size.bytes)]))
  for (const [path, bytes] of files) await writeFile(join(directory, path), bytes)
  const producerVersion = CONTENT_LAYER.version
  const keys = [...files].map(([path, bytes]) =>
    valueKey({ workspace, layer: 'content', producerVersion, path, version: blobId(bytes) }, sha256Hex),
  )
  return { directory, files, keys }
}

/** The files in commands of so many each, in their order. */
export function commandsFor(paths: readonly string[], filesEach: number, fields: Partial<WarmCommand>): WarmCommand[] {
  return Array.from({ length: Math.ceil(paths.length / filesEach) }, (_, at) =>
    aCommand({
      ...{ session: null, deadlineMs: Date.now() + 600_000, bytesMax: 1_000_000_000, pressureMax: 1 },
      ...fields,
      id: `${fields.id ?? 'command'}-${at}`,
      files: filesAt(...paths.slice(at * filesEach, (at + 1) * filesEach)),
    }),
  )
}

export async function sendCommands(
  { engines: { log, codec } }: Deployment,
  commands: readonly WarmCommand[],
): Promise<void> {
  const records = commands.map(async (command) => ({
    ...{ key: command.id, headers: new Map<string, string>() },
    value: await codec.encode('warm-commands', command),
  }))
  await log.append('warm-commands', await Promise.all(records))
}
