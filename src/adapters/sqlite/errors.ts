import { type ErrorCode, ForewarmError } from '../../ports/errors.ts'

/** Codes by which an adapter's troubles with the file are known. */
export type SqliteErrorCodes = { readonly unavailable: ErrorCode; readonly full: ErrorCode }

/** Primary result codes of SQLite (sqlite.org/rescode.html) that may pass: busy, locked, I/O error, cannot open. */
const PASSING = new Set([5, 6, 10, 14])
const FULL = 13

/** Runs `work`; a busy file, an I/O error or a full disk becomes an error of the project, all else stays what it is. */
export function guardSqlite<Result>(codes: SqliteErrorCodes, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw sqliteError(codes, error)
  }
}

function sqliteError(codes: SqliteErrorCodes, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  // The low byte is the primary code, the others narrow it.
  const code = error.errcode & 0xff
  if (code === FULL) {
    const message = `the database file cannot grow (${error.message}): free disk space`
    return new ForewarmError(codes.full, message, { cause: error, retriable: true })
  }
  if (!PASSING.has(code)) return error
  const message = `the database file cannot be used now (${error.message}): is another process writing to it, is its disk well?`
  return new ForewarmError(codes.unavailable, message, { cause: error, retriable: true })
}
