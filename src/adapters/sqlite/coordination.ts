import type { DatabaseSync } from 'node:sqlite'
import type { Cache, CacheKey } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { spend } from '../../warming/spend.ts'
import { transact } from './database.ts'

const TABLES = `
  CREATE TABLE IF NOT EXISTS cache_pointers (
    workspace TEXT NOT NULL, rest TEXT NOT NULL, version TEXT, at_ms INTEGER NOT NULL,
    PRIMARY KEY (workspace, rest)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cache_leases (
    workspace TEXT NOT NULL, rest TEXT NOT NULL, holder TEXT NOT NULL, expires_ms INTEGER NOT NULL,
    PRIMARY KEY (workspace, rest)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cache_budgets (
    workspace TEXT NOT NULL, rest TEXT NOT NULL, full_at_ms REAL NOT NULL,
    PRIMARY KEY (workspace, rest)
  ) WITHOUT ROWID;
`

export type CoordinationContext = {
  readonly database: DatabaseSync
  readonly clock: Pick<Clock, 'now'>
  /** Runs work on the file and names what goes wrong. */
  readonly guard: <Result>(work: () => Result) => Result
}

/** What a cache keeps beside its values: where each path is, who loads what, and what limits are left. */
export function createSqliteCoordination(
  context: CoordinationContext,
): Pick<Cache, 'pointer' | 'movePointer' | 'lease' | 'release' | 'spend'> {
  const { database, clock, guard } = context
  const statements = prepareCoordination(database)
  return {
    async pointer(key) {
      const version = guard(() => statements.pointer.get(...columnsOf(key)))?.['version']
      return typeof version === 'string' ? version : null
    },
    async movePointer(key, version, atMs) {
      return guard(() => statements.movePointer.run(...columnsOf(key), version, atMs)).changes === 1
    },
    async lease(key, holder, ttlMs) {
      const nowMs = clock.now()
      const take = (): boolean => {
        statements.removeExpiredLeases.run(nowMs)
        return statements.lease.run(...columnsOf(key), holder, nowMs + ttlMs).changes === 1
      }
      return guard(() => transact(database, take))
    },
    async release(key, holder) {
      guard(() => statements.release.run(...columnsOf(key), holder))
    },
    async spend(budget, amount, limit) {
      const take = (): number => {
        statements.removeFullBudgets.run(clock.now())
        const fullAtMs = statements.budget.get(...columnsOf(budget))?.['full_at_ms']
        const spent = spend(typeof fullAtMs === 'number' ? fullAtMs : null, clock.now(), amount, limit)
        statements.setBudget.run(...columnsOf(budget), spent.fullAtMs)
        return spent.waitMs
      }
      return guard(() => transact(database, take))
    },
  }
}

/** Makes the tables if there are none. */
function prepareCoordination(database: DatabaseSync) {
  database.exec(TABLES)
  const prepare = (sql: string) => database.prepare(sql)
  return {
    pointer: prepare('SELECT version FROM cache_pointers WHERE workspace = ? AND rest = ?'),
    movePointer: prepare(
      `INSERT INTO cache_pointers VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = excluded.version, at_ms = excluded.at_ms
       WHERE excluded.at_ms >= at_ms`,
    ),
    lease: prepare(
      `INSERT INTO cache_leases VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET expires_ms = excluded.expires_ms WHERE holder = excluded.holder`,
    ),
    removeExpiredLeases: prepare('DELETE FROM cache_leases WHERE expires_ms <= ?'),
    budget: prepare('SELECT full_at_ms FROM cache_budgets WHERE workspace = ? AND rest = ?'),
    removeFullBudgets: prepare('DELETE FROM cache_budgets WHERE full_at_ms <= ?'),
    setBudget: prepare(
      'INSERT INTO cache_budgets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET full_at_ms = excluded.full_at_ms',
    ),
    release: prepare('DELETE FROM cache_leases WHERE workspace = ? AND rest = ? AND holder = ?'),
  }
}

/** The two columns by which the tables of the cache know a key. */
export const columnsOf = (key: CacheKey): [string, string] => [key.workspaceId, key.rest]
