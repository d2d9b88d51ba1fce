import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { PassThrough, pipeline, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { ForewarmError } from '../../ports/errors.ts'
import type { TraceRow } from '../../ports/trace.ts'
import { csvCell, splitCsv } from './csv.ts'

/** First line of every trace file. */
export const TRACE_HEADER = 'time_ms,workspace,session,path'

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
      if (line.trim() !== TRACE_HEADER) throw invalid(`${file}: the first line must be '${TRACE_HEADER}'`)
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
  if (!Number.isSafeInteger(timeMs))
    throw invalid(`${where}: '${time.slice(0, 40)}' is no whole number of milliseconds`)
  return { timeMs, workspace, session, path }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  // pipeline hands errors of either stream to the end that is read.
  const text = pipeline(source, file.endsWith('.gz') ? createGunzip() : new PassThrough(), () => {})
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    yield* lines
    if (text.errored !== null) throw text.errored
  } catch (cause) {
    throw invalid(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  } finally {
    source.destroy()
  }
}

export type TraceWriter = {
  /** Resolves when more rows may come; rows whose path holds a line break are left out (false). */
  write(row: TraceRow): Promise<boolean>
  /** Resolves when all is on disk. */
  close(): Promise<void>
}

/** Writes a trace file; gzipped when its name ends in `.gz`. */
export function createTraceWriter(file: string): TraceWriter {
  const target = createWriteStream(file)
  const packer = file.endsWith('.gz') ? createGzip() : null
  if (packer !== null) pipeline(packer, target, () => {})
  const output: Writable = packer ?? target
  const done = finished(target).catch((cause) => {
    throw invalid(`${file} cannot be written: ${cause.message}`, cause)
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

const invalid = (message: string, cause?: unknown): ForewarmError =>
  new ForewarmError('FW_REQUEST_INVALID', message, { cause })
