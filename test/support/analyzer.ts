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

async function makeRepository(): Promise<Repository> {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-repository-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
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

export type Fleet = {
  readonly deployment: Deployment
  readonly repository: Repository
  readonly library: Forewarm
  readonly gatewayUrl: string
}

/** The four processes on Kafka, Redis Cluster, Redis and a registry, and the library in this process. */
export async function startFleet(options: {
  readonly modelRedisUrls: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}): Promise<Fleet> {
  const repository = await makeRepository()
  const workspaces = new Map([[WORKSPACE, repository.directory]])
  const env = { FOREWARM_PREDICT__PREDICTOR: 'models', FOREWARM_PREDICT__AGGRESSIVENESS: 'high', ...options.env }
  const deployment = await deploy({ modelRedisUrls: options.modelRedisUrls, workspaces, env })
  onTestFinished(deployment.close)
  const [gateway] = await Promise.all([deployment.start('gateway'), ...ROLES.map((role) => deployment.start(role))])
  const { url: gatewayUrl } = JSON.parse(await gateway.line(/"url":/))
  for (const [name, value] of Object.entries(deployment.environment)) vi.stubEnv(name, value)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const library = await openForewarm({ workspace: WORKSPACE, origin: repository.directory })
  return { deployment, repository, library, gatewayUrl }
}

/** One run of an analyzer over the newest revision: reads every file in order, each by the version it wants. */
export async function analyze({ repository, library }: Fleet): Promise<void> {
  const versions = await repository.revise()
  const session = library.reader.session({ analyzer: 'eslint' })
  for (const path of repository.paths) {
    const value = await session.read(path, { version: versions.get(path) ?? null })
    if (value === null || blobId(value) !== versions.get(path)) throw new Error(`${path} is not what was wanted`)
    await delay(WORK_MS)
  }
  session.end()
}

/** Some runs, after which the model contains them. */
export async function learn(fleet: Fleet): Promise<void> {
  for (let session = 0; session < LEARNING_SESSIONS; session += 1) await analyze(fleet)
  const waiting = () => fleet.library.publisher.stats().pending
  await eventually(waiting, (accesses) => accesses === 0, { what: 'all accesses on the log' })
  await fleet.deployment.drain()
}
