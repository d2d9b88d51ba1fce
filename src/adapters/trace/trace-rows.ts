import { once } from 'node:events'
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { TraceBuilder } from '../../model/replay/build-trace.ts'
import type { Trace } from '../../model/replay/trace.ts'
import { ForewarmError, messageOf } from '../../ports/errors.ts'
import type { TraceRow } from '../../ports/trace.ts'
import { csvCell, splitCsv } from './csv.ts'

/** Reads a trace file into memory. */
export async function readTrace(file: string): Promise<Trace> {
  const builder = new TraceBuilder()
  for await (const row of readTraceRows(file)) builder.add(row)
  return builder.build()
}

/** First line of every trace file. */
const TRACE_HEADER = 'time_ms,workspace,session,path'

/**
 * Streams the rows of a trace file, plain or gzipped (by its name). Rejects with FW_REQUEST_INVALID, naming the line,
 * for what is no trace and for rows that go back in time.
 */
export async function* readTraceRows(file: string): AsyncGenerator<TraceRow> {
  let lineNumber = 0
  let lastMs = Number.NEGATIVE_INFINITY
  for await (const line of linesOf(file)) {
    lineNumber += 1
    if (lineNumber === 1) {
      if (line.trim() !== TRACE_HEADER)
        throw invalid(`${file}: the first line must be '${TRACE_HEADER}', not '${line.slice(0, 80)}'`)
    } else if (line !== '') {
      const row = parseRow(line, `${file}:${lineNumber}`)
      if (row.timeMs < lastMs) throw invalid(`${file}:${lineNumber}: time goes back; sort the rows by time`)
      lastMs = row.timeMs
      yield row
    }
  }
  if (lineNumber === 0) throw invalid(`${file}: the first line must be '${TRACE_HEADER}'`)
}

function parseRow(line: string, where: string): TraceRow {
  const cells = splitCsv(line)
  const [time = '', workspace = '', session = '', path = ''] = cells
  if (cells.length !== 4) throw invalid(`${where}: ${cells.length} cells where 4 belong`)
  const timeMs = time === '' ? Number.NaN : Number(time)
  if (!Number.isSafeInteger(timeMs) || timeMs < 0)
    throw invalid(`${where}: '${time.slice(0, 40)}' is no whole number of milliseconds since 1970`)
  return { timeMs, workspace, session, path }
}

/** Lines of a text file, gunzipped when its name ends in `.gz`. Rejects with FW_REQUEST_INVALID when it cannot be read. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })
  let failure: unknown
  for (const stream of [source, text]) {
    stream.on('error', (cause: unknown) => {
      failure ??= cause
      lines.close()
    })
  }
  try {
    yield* lines
  } catch (cause) {
    failure ??= cause
  } finally {
    source.destroy()
    text.destroy()
  }
  if (failure !== undefined) throw invalid(unreadable(file, failure), failure)
}

export type TraceWriter = {
  /** Resolves when more rows may come; rows whose path holds a line break are left out (false). */
  write(row: TraceRow): Promise<boolean>
  /** Resolves when all is on disk. */
  close(): Promise<void>
}

/**
 * Writes a trace file; gzipped when its name ends in `.gz`. Rejects with FW_REQUEST_INVALID where there can be no such
 * file: before anything is done that would be for nothing.
 */
export async function createTraceWriter(file: string): Promise<TraceWriter> {
  const target = await openedFile(file)
  const packer = file.endsWith('.gz') ? createGzip() : null
  if (packer !== null) pipeline(packer, target, () => {})
  const output: Writable = packer ?? target
  const done = finished(target).catch((cause) => {
    throw unwritable(file, cause)
  })
  done.catch(() => {})
  const put = async (line: string): Promise<void> => {
    if (output.write(line)) return
    await Promise.race([new Promise((resolve) => output.once('drain', resolve)), done])
  }
  const begun = put(`${TRACE_HEADER}\n`)
  return {
    async write(row) {
      await begun
      if (/[\r\n]/.test(row.path)) return false
      const cells = [String(row.timeMs), csvCell(row.workspace), csvCell(row.session), csvCell(row.path)]
      await put(`${cells.join(',')}\n`)
      return true
    },
    async close() {
      await begun
      output.end()
      await done
    },
  }
}

/** A file to write to, empty. Rejects with FW_REQUEST_INVALID when it cannot be made. */
async function openedFile(file: string): Promise<WriteStream> {
  const target = createWriteStream(file)
  try {
    await once(target, 'open')
  } catch (cause) {
    throw unwritable(file, cause)
  }
  return target
}

const unwritable = (file: string, cause: unknown): ForewarmError =>
  invalid(`${file} cannot be written (${messageOf(cause)}): name a file in a folder that may be written`, cause)

function unreadable(file: string, cause: unknown): string {
  const said = messageOf(cause)
  const isPacked = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')
  const mend = isPacked
    ? 'it is no whole gzip file; copy it again, or drop .gz from the name of a plain one'
    : 'name an existing file'
  return `${file} cannot be read (${said}): ${mend}`
}

const invalid = (message: string, cause?: unknown): ForewarmError =>
  new ForewarmError('FW_REQUEST_INVALID', message, { cause })
