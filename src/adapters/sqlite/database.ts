import { DatabaseSync } from 'node:sqlite'

/** How long a statement waits for another process's write before it fails with SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Pages of the write-ahead log before it is copied into the file, 32 MiB: pages that change often are copied once for
 * many changes (measured: a third more rows a second than with the 1,000 pages of SQLite's default).
 */
const CHECKPOINT_PAGES = 8_192

/**
 * Opens the one file of the embedded mode (or makes it); `:memory:` gives a database that dies with the process.
 * Log, model store and cache share the connection: calls are synchronous, so a transaction that has no `await` between
 * BEGIN and COMMIT is never interleaved with another's. Each adapter makes its own tables. The opener closes it.
 *
 * The write-ahead log with synchronous NORMAL survives a kill -9 of the process at any point without loss; only a
 * crash of the machine may lose the last transactions, never their order, and so never an earlier one than a later.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = NORMAL')
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  return database
}

/** Runs `work` in one write transaction, which is rolled back when it throws. `work` must not await. */
export function transact<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk or an I/O error has rolled back already; the first error is the one to tell.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
