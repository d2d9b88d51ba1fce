import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished, vi } from 'vitest'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { type Forewarm, openForewarm } from '../../src/library.ts'
import { type Deployment, deploy, type Role } from './deployment.ts'
import { eventually } from './eventually.ts'
import type { ForewarmProcess } from './process.ts'

export const WORKSPACE = 'acme/web'
const FILES = 40
/** An analyzer works on each file before it reads the next one. */
const WORK_MS = 60
const LEARNING_SESSIONS = 5
const ROLES: readonly Role[] = ['ingest', 'predict', 'warm']

/** A repository whose files change with every revision. */
export type Repository = {
  readonly directory: string
  readonly paths: readonly string[]
  /** Writes all files anew; answers with their versions by path. */
  revise(): Promise<ReadonlyMap<string, string>>
}

async function makeRepository(atEnd: AtEnd): Promise<Repository> {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-repository-'))
  atEnd(() => rm(directory, { recursive: true, force: true }))
  await mkdir(join(directory, 'src'))
  const paths = Array.from({ length: FILES }, (_, at) => `src/file-${at}.ts`)
  const revise = async () => {
    const revision = randomUUID()
    const versions = new Map<string, string>()
    for (const path of paths) {
      const text = `export const revision = '${revision}' // ${path}\n`
      await writeFile(join(directory, path), text)
      versions.set(path, blobId(new TextEncoder().encode(text)))
    }
    return versions
  }
  return { directory, paths, revise }
}

type AtEnd = (clean: () => unknown) => void

export type Fleet = {
  readonly deployment: Deployment
  readonly processes: readonly ForewarmProcess[]
  readonly repository: Repository
  readonly library: Forewarm
  readonly gatewayUrl: string
}

/** The four processes on Kafka, Redis Cluster, Redis and a registry, and the library in this process. */
export async function startFleet(options: {
  readonly modelRedisUrls: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Takes what is to be done at the end, in the order of the making; at the test's end unless told. */
  readonly atEnd?: AtEnd
}): Promise<Fleet> {
  const { atEnd = (clean) => onTestFinished(async () => void (await clean())) } = options
  const repository = await makeRepository(atEnd)
  const workspaces = new Map([[WORKSPACE, repository.directory]])
  const env = { FOREWARM_PREDICT__PREDICTOR: 'models', FOREWARM_PREDICT__AGGRESSIVENESS: 'high', ...options.env }
  const deployment = await deploy({ modelRedisUrls: options.modelRedisUrls, workspaces, env })
  atEnd(deployment.close)
  const [gateway, ...others] = await Promise.all([
    deployment.start('gateway'),
    ...ROLES.map((role) => deployment.start(role)),
  ])
  const { url: gatewayUrl } = JSON.parse(await gateway.line(/the gateway listens/))
  for (const [name, value] of Object.entries(deployment.environment)) vi.stubEnv(name, value)
  atEnd(() => vi.unstubAllEnvs())
  const library = await openForewarm({ workspace: WORKSPACE, origin: repository.directory })
  return { deployment, processes: [gateway, ...others], repository, library, gatewayUrl }
}

/** One run of an analyzer over the newest revision: reads the first files in order, all unless told, by the versions it wants. */
export async function analyze({ repository, library }: Fleet, files: number = FILES): Promise<void> {
  const versions = await repository.revise()
  const session = library.reader.session({ analyzer: 'eslint' })
  for (const path of repository.paths.slice(0, files)) {
    const value = await session.read(path, { version: versions.get(path) ?? null })
    if (value === null || blobId(value) !== versions.get(path)) throw new Error(`${path} is not what was wanted`)
    await delay(WORK_MS)
  }
  session.end()
}

/** Ends predict and warm in order and waits for the model: what is compared afterwards does not grow meanwhile. */
export async function endWarming({ deployment, processes }: Fleet): Promise<void> {
  const [, , ...warming] = processes
  await Promise.all(warming.map((process) => process.kill('SIGTERM')))
  await deployment.drain()
}

/** Some runs, after which the model contains them. */
export async function learn(fleet: Fleet): Promise<void> {
  for (let session = 0; session < LEARNING_SESSIONS; session += 1) await analyze(fleet)
  const waiting = () => fleet.library.publisher.stats().pending
  await eventually(waiting, (accesses) => accesses === 0, { what: 'all accesses on the log' })
  await fleet.deployment.drain()
}
