import type { DatabaseSync } from 'node:sqlite'

/**
 * Payloads lie in a table of their own, so that renewing an entry rewrites a short row and not the value. Triggers keep
 * the sum of bytes, whichever process writes.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS cache_entries (
    id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, rest TEXT NOT NULL,
    state TEXT NOT NULL, was_read INTEGER NOT NULL, renewed_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL, compression TEXT NOT NULL, value_bytes INTEGER NOT NULL,
    command_id TEXT NOT NULL, traceparent TEXT,
    UNIQUE (workspace, rest)
  );
  CREATE TABLE IF NOT EXISTS cache_payloads (id INTEGER PRIMARY KEY, payload BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS cache_leaving ON cache_entries (was_read, renewed_ms, bytes);
  CREATE INDEX IF NOT EXISTS cache_expiring ON cache_entries (expires_ms);
  CREATE TABLE IF NOT EXISTS cache_size (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL);
  INSERT OR IGNORE INTO cache_size VALUES (1, 0);
  CREATE TRIGGER IF NOT EXISTS cache_entry_in AFTER INSERT ON cache_entries BEGIN
    UPDATE cache_size SET bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS cache_entry_out AFTER DELETE ON cache_entries BEGIN
    UPDATE cache_size SET bytes = bytes - old.bytes;
    DELETE FROM cache_payloads WHERE id = old.id;
  END;
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

export type CacheStatements = ReturnType<typeof prepareCache>

/** Makes the cache's tables if there are none, and prepares what the cache runs on them. */
export function prepareCache(database: DatabaseSync) {
  database.exec(TABLES)
  const prepare = (sql: string) => database.prepare(sql)
  return {
    find: prepare('SELECT state FROM cache_entries WHERE workspace = ? AND rest = ? AND expires_ms > ?'),
    read: prepare(
      `SELECT state, compression, value_bytes, command_id, traceparent, payload
       FROM cache_entries JOIN cache_payloads USING (id) WHERE workspace = ? AND rest = ? AND expires_ms > ?`,
    ),
    markRead: prepare(`UPDATE cache_entries SET state = 'read', was_read = 1 WHERE workspace = ? AND rest = ?`),
    touch: prepare('UPDATE cache_entries SET renewed_ms = ?, expires_ms = ? WHERE workspace = ? AND rest = ?'),
    insertEntry: prepare(
      `INSERT INTO cache_entries
         (workspace, rest, state, was_read, renewed_ms, expires_ms, bytes, compression, value_bytes, command_id, traceparent)
       VALUES
         (:workspace, :rest, :state, :was_read, :renewed_ms, :expires_ms, :bytes, :compression, :value_bytes, :command_id,
          :traceparent)`,
    ),
    insertPayload: prepare('INSERT INTO cache_payloads VALUES (?, ?)'),
    remove: prepare('DELETE FROM cache_entries WHERE workspace = ? AND rest = ?'),
    removeRow: prepare('DELETE FROM cache_entries WHERE id = ?'),
    removeExpired: prepare('DELETE FROM cache_entries WHERE expires_ms <= ?'),
    leavingCold: prepare(
      'SELECT id, bytes FROM cache_entries WHERE was_read = 1 AND renewed_ms < ? ORDER BY renewed_ms LIMIT ?',
    ),
    leaving: prepare('SELECT id, bytes FROM cache_entries ORDER BY was_read, renewed_ms LIMIT ?'),
    bytesUsed: prepare('SELECT bytes FROM cache_size'),
    liveBytes: prepare('SELECT total(bytes) AS bytes FROM cache_entries WHERE was_read = 1 AND renewed_ms >= ?'),
    stats: prepare(
      `SELECT count(*) AS entries, total(bytes) AS bytes, count(*) FILTER (WHERE was_read = 0) AS unread
       FROM cache_entries WHERE workspace = ? AND expires_ms > ?`,
    ),
    clear: prepare('DELETE FROM cache_entries WHERE workspace = ?'),
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
