import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { splitCsv } from '../../../src/adapters/trace/csv.ts'
import { JOURNAL_HEADER } from '../../../src/adapters/trace/decision-journal.ts'
import type { Trace } from '../../../src/model/replay/trace.ts'
import type { JournalEntry } from '../../../src/ports/decision-journal.ts'
import { type LoggedDecisions, lastRowUpTo } from './decisions.ts'
import { FileIds } from './file-ids.ts'

/** What all processes noted in a folder; of one that was killed, every whole line. */
export async function readJournals(folder: string): Promise<readonly JournalEntry[]> {
  const files = await readdir(folder)
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return texts.flatMap((text) => {
    const [header, ...lines] = text.split('\n').slice(0, -1)
    if (header !== JOURNAL_HEADER) throw new Error(`a journal in ${folder} begins with ${header}`)
    return lines.map(entryOf)
  })
}

function entryOf(line: string): JournalEntry {
  const [atMs, workspace = '', session = '', path = '', probability, reason = ''] = splitCsv(line)
  const fixed = { atMs: Number(atMs), probability: Number(probability), session: session === '' ? null : session }
  return { ...fixed, workspace, path, reason }
}

/**
 * The decisions as the judge takes them, each behind the row that it rests on and at its time. A session's reads are
 * followed in order by one process, which decides on each before it looks at the next.
 */
export function decisionsOfJournals(trace: Trace, entries: readonly JournalEntry[], shiftMs: number): LoggedDecisions {
  const ids = new FileIds(trace)
  const rowAt = rowsBySession(trace)
  const decided = entries
    .map(({ session, atMs, workspace, path }) => ({
      afterRow: rowAt(workspace, session, atMs - shiftMs),
      atMs: atMs - shiftMs,
      file: ids.of(workspace, path),
    }))
    .map(({ afterRow, atMs, file }) => ({ afterRow, atMs: Math.max(atMs, trace.timeMs[afterRow] ?? atMs), file }))
    .toSorted((one, other) => one.afterRow - other.afterRow || one.atMs - other.atMs)
  const decisions = {
    afterRow: decided.map(({ afterRow }) => afterRow),
    atMs: decided.map(({ atMs }) => atMs),
    file: decided.map(({ file }) => file),
  }
  return { decisions, extraFiles: ids.extraFiles }
}

/** Times of events are whole milliseconds, those of a trace need not be. */
const ROUNDED_MS = 0.5

/** The last row of a session, or of all, at or before a time. */
function rowsBySession(trace: Trace): (workspace: string, session: string | null, atMs: number) => number {
  const rows = new Map<string, number[]>()
  trace.session.forEach((number, row) => {
    const { workspace, id } = trace.sessions[number] ?? { workspace: '', id: '' }
    const key = `${workspace}\u0000${id}`
    const known = rows.get(key)
    if (known === undefined) rows.set(key, [row])
    else known.push(row)
  })
  return (workspace, session, atMs) => {
    if (session === null) return lastRowUpTo(trace.timeMs, atMs)
    const own = rows.get(`${workspace}\u0000${session}`)
    const row = own?.findLast((each) => (trace.timeMs[each] ?? 0) <= atMs + ROUNDED_MS)
    if (row === undefined) throw new Error(`${workspace} ${session} has no read at ${atMs} ms of the trace`)
    return row
  }
}
