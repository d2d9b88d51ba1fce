import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { openRedis, type RedisSettings } from '../../src/adapters/redis/connect.ts'
import { createRedisModelStore } from '../../src/adapters/redis/model-store.ts'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'
import { createSqliteModelStore } from '../../src/adapters/sqlite/model-store.ts'
import { PATIENT } from '../support/patient.ts'
import { describeModelStore, type ModelStoreSubject } from './model-store.contract.ts'
import { describeMovementExchange } from './movement-exchange.contract.ts'
import { describeNoteStore } from './note-store.contract.ts'
import { describeSharedLog } from './shared-log.contract.ts'

const services = inject('services')

/** Models, notes and what is built on notes keep their promises side by side. */
function describeStore(name: string, start: () => Promise<ModelStoreSubject>): void {
  describeModelStore(name, start)
  describeNoteStore(name, start)
  describeSharedLog(name, start)
  describeMovementExchange(name, start)
}

describeStore('memory', async () => {
  const store = createMemoryModelStore()
  return { open: async () => store, stop: async () => {} }
})

describeStore('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-store-'))
  const open = async () => {
    const database = openDatabase(join(folder, 'data.db'))
    return { ...createSqliteModelStore(database), close: async () => database.close() }
  }
  return { open, stop: () => rm(folder, { recursive: true, force: true }) }
})

/** Servers are shared by test files: a prefix of its own gives each suite an empty store. */
function redisSubject(settings: RedisSettings): ModelStoreSubject {
  const options = { modelVersion: '1', keyPrefix: `${randomUUID()}:` }
  return {
    open: async () => createRedisModelStore(openRedis({ ...settings, ...PATIENT }, 'store'), options),
    stop: async () => {},
  }
}

describeStore('Redis', async () => redisSubject({ urls: [services.modelRedisUrl], cluster: false }))

describeStore('Redis Cluster', async () => {
  const urls = services.redisCluster.map(({ host, port }) => `redis://${host}:${port}`)
  return redisSubject({ urls, cluster: true })
})
