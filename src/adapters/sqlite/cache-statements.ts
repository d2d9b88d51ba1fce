import type { DatabaseSync } from 'node:sqlite'
import { FIRST_CREDIT } from '../../model/warm-share.ts'

/**
 * Payloads lie in a table of their own, so that renewing an entry rewrites a short row and not the value. Triggers keep
 * the sums of bytes, whichever process writes. `was_read` is 0 only for what a run has warmed and nobody has read yet;
 * an unread prediction leaves in one order with what was read.
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
  CREATE INDEX IF NOT EXISTS cache_predicted ON cache_entries (renewed_ms, bytes) WHERE state = 'unread' AND was_read = 1;
  CREATE TABLE IF NOT EXISTS cache_predictions (
    one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL, brought REAL NOT NULL, was_read REAL NOT NULL
  );
  INSERT OR IGNORE INTO cache_predictions VALUES (1, 0, ${FIRST_CREDIT.brought}, ${FIRST_CREDIT.read});
  CREATE TRIGGER IF NOT EXISTS cache_prediction_in AFTER INSERT ON cache_entries
    WHEN new.state = 'unread' AND new.was_read = 1 BEGIN
    UPDATE cache_predictions SET bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS cache_prediction_out AFTER DELETE ON cache_entries
    WHEN old.state = 'unread' AND old.was_read = 1 BEGIN
    UPDATE cache_predictions SET bytes = bytes - old.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS cache_prediction_read AFTER UPDATE OF state ON cache_entries
    WHEN old.state = 'unread' AND old.was_read = 1 AND new.state = 'read' BEGIN
    UPDATE cache_predictions SET bytes = bytes - old.bytes;
  END;
`

export type CacheStatements = ReturnType<typeof prepareCache>

/** Makes the cache's tables if there are none, and prepares what the cache runs on them. */
export function prepareCache(database: DatabaseSync) {
  database.exec(TABLES)
  const prepare = (sql: string) => database.prepare(sql)
  return {
    find: prepare('SELECT state, was_read FROM cache_entries WHERE workspace = ? AND rest = ? AND expires_ms > ?'),
    read: prepare(
      `SELECT state, was_read, compression, value_bytes, command_id, traceparent, payload
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
    leavingPredicted: prepare(
      `SELECT id, bytes FROM cache_entries WHERE state = 'unread' AND was_read = 1 ORDER BY renewed_ms LIMIT ?`,
    ),
    predictions: prepare('SELECT bytes, brought, was_read FROM cache_predictions'),
    setCredit: prepare('UPDATE cache_predictions SET brought = ?, was_read = ?'),
    leavingAsked: prepare('SELECT id, bytes FROM cache_entries WHERE was_read = 0 ORDER BY renewed_ms LIMIT ?'),
    leavingRecent: prepare('SELECT id, bytes FROM cache_entries WHERE was_read = 1 ORDER BY renewed_ms LIMIT ?'),
    bytesUsed: prepare('SELECT bytes FROM cache_size'),
    liveBytes: prepare(
      `SELECT total(bytes) AS bytes FROM cache_entries WHERE was_read = 1 AND renewed_ms >= ? AND state <> 'unread'`,
    ),
    stats: prepare(
      `SELECT count(*) AS entries, total(bytes) AS bytes, count(*) FILTER (WHERE state = 'unread') AS unread
       FROM cache_entries WHERE workspace = ? AND expires_ms > ?`,
    ),
    clear: prepare('DELETE FROM cache_entries WHERE workspace = ?'),
  }
}
