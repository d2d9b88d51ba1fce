import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createDirectoryOrigin } from '../../src/adapters/origins/directory.ts'
import type { Parts } from '../../src/compose/parts.ts'
import type { AccessOutcome } from '../../src/model/access.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import { type AccessPublisher, createAccessPublisher } from '../../src/sdk/access-publisher.ts'
import { type CachedReader, createCachedReader } from '../../src/sdk/cached-reader.ts'
import type { Analyzer } from './analyzers.ts'

/** What one session's reads found. */
export type SessionResult = {
  /** Number of the round, from 1. */
  readonly round: number
  readonly analyzer: string
  readonly reads: number
  readonly hits: number
  readonly warmHits: number
  readonly findings: number
  readonly elapsedMs: number
}

/** How many of the files that an analyzer takes it has read by now. */
export type FilesDone = { readonly done: number; readonly of: number }

/** Files of a checkout with their content versions, as `git ls-tree` would give them. */
export function versionsIn(directory: string): ReadonlyMap<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  const files = paths.filter((path) => statSync(join(directory, path)).isFile())
  return new Map(files.map((path) => [path, blobId(readFileSync(join(directory, path)))]))
}

/** Analyzers that read one workspace through the shared cache, as every machine of a fleet would. */
export class Fleet {
  readonly #publisher: AccessPublisher
  readonly #reader: CachedReader
  readonly #outcomes = new Map<AccessOutcome, number>()

  constructor({ engines, telemetry, logger }: Parts, workspace: string, directory: string) {
    const { clock, codec, log } = engines
    const publishing = { log, codec, clock, telemetry, logger, newId: randomUUID, random: Math.random }
    this.#publisher = createAccessPublisher(publishing, { workspace, lingerMs: 5 })
    const publisher: Pick<AccessPublisher, 'record' | 'endSession'> = {
      record: (session, access) => {
        const outcome = access.outcome ?? 'unknown'
        this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
        this.#publisher.record(session, access)
      },
      endSession: (session) => this.#publisher.endSession(session),
    }
    const reading = {
      cache: engines.cache(),
      publisher,
      origin: createDirectoryOrigin(directory),
      clock,
      telemetry,
      logger,
      sha256Hex,
      newId: randomUUID,
      layers: async () => layersOf([CONTENT_LAYER]),
    }
    this.#reader = createCachedReader(reading, { workspace })
  }

  /** Runs one analyzer over one revision; resolves when its accesses are on the log. */
  async run(
    analyzer: Analyzer,
    revision: string,
    versions: ReadonlyMap<string, string>,
    onRead: (files: FilesDone) => void,
  ): Promise<Omit<SessionResult, 'round'>> {
    this.#outcomes.clear()
    const session = this.#reader.session({ analyzer: analyzer.name, revision })
    const started = performance.now()
    const files = [...versions.keys()].filter(analyzer.takes)
    const left = new Set(files)
    const read = async (path: string): Promise<Uint8Array> => {
      const bytes = await session.read(path, { version: versions.get(path) ?? null })
      if (bytes === null) throw new Error(`${path} is not in the workspace`)
      left.delete(path)
      onRead({ done: files.length - left.size, of: files.length })
      return bytes
    }
    const findings = await analyzer.run(files, read)
    session.end()
    await this.#publisher.flush(10_000)
    return { analyzer: analyzer.name, findings, elapsedMs: performance.now() - started, ...this.#counts() }
  }

  close(): Promise<void> {
    return this.#publisher.close()
  }

  #counts() {
    const count = (outcome: AccessOutcome) => this.#outcomes.get(outcome) ?? 0
    const warmHits = count('warmHit')
    const hits = count('hit') + warmHits
    return { reads: hits + count('miss') + count('stale'), hits, warmHits }
  }
}
