import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { PredictorGraph } from '../../model/prediction/predictor.ts'
import { TraceBuilder } from '../../model/replay/build-trace.ts'
import type { Trace } from '../../model/replay/trace.ts'
import { splitCsv } from './csv.ts'

/** A trace or graph file that cannot be read as one: `code` FW_TRACE_INVALID, the line in the message. */
export class TraceFileError extends Error {
  readonly code = 'FW_TRACE_INVALID'
  readonly retriable = false
}

const TRACE_HEADER = 'time_ms,workspace,session,path'

/** Reads `time_ms,workspace,session,path` rows, plain or gzipped; rows must be in time order. */
export async function readTraceFile(file: string): Promise<Trace> {
  const builder = new TraceBuilder()
  let lineNumber = 0
  for await (const line of linesOf(file)) {
    lineNumber++
    if (lineNumber === 1) {
      if (line.trim() !== TRACE_HEADER) throw new TraceFileError(`${file}: the first line must be '${TRACE_HEADER}'`)
    } else if (line !== '') addRow(builder, line, `${file}:${lineNumber}`)
  }
  if (lineNumber === 0) throw new TraceFileError(`${file}: the first line must be '${TRACE_HEADER}'`)
  return builder.build()
}

function addRow(builder: TraceBuilder, line: string, where: string): void {
  const cells = splitCsv(line)
  const [time = '', workspace = '', session = '', path = ''] = cells
  const timeMs = time === '' ? Number.NaN : Number(time)
  if (cells.length !== 4) throw new TraceFileError(`${where}: ${cells.length} cells where 4 belong`)
  if (!Number.isFinite(timeMs)) throw new TraceFileError(`${where}: '${time}' is no time in milliseconds`)
  if (timeMs < builder.lastTimeMs) throw new TraceFileError(`${where}: time goes back; sort the rows by time`)
  builder.add({ timeMs, workspace, session, path })
}

type MutableGraph = { files: string[]; edges: [string, string][] }

/** Reads graph files (`T,workspace,path` and `E,workspace,from,to` rows) into one graph a workspace. */
export async function readGraphFiles(files: readonly string[]): Promise<Map<string, PredictorGraph>> {
  const graphs = new Map<string, MutableGraph>()
  for (const file of files) {
    let lineNumber = 0
    for await (const line of linesOf(file)) {
      lineNumber++
      if (line !== '') addGraphRow(graphs, line, `${file}:${lineNumber}`)
    }
  }
  return graphs
}

function addGraphRow(graphs: Map<string, MutableGraph>, line: string, where: string): void {
  const [kind, workspace, from, to] = splitCsv(line)
  if (workspace === undefined || from === undefined) throw new TraceFileError(`${where}: neither a T nor an E row`)
  let graph = graphs.get(workspace)
  if (graph === undefined) {
    graph = { files: [], edges: [] }
    graphs.set(workspace, graph)
  }
  if (kind === 'T') graph.files.push(from)
  else if (kind === 'E' && to !== undefined) graph.edges.push([from, to])
  else throw new TraceFileError(`${where}: neither a T nor an E row`)
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const raw = createReadStream(file)
  const input: Readable = file.endsWith('.gz') ? pipeline(raw, createGunzip(), () => {}) : raw
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  let failure: unknown
  raw.on('error', (error) => {
    failure = error
    lines.close()
  })
  input.on('error', (error) => {
    failure = error
    lines.close()
  })
  yield* lines
  if (failure !== undefined) throw new TraceFileError(`${file}: ${String(failure)}`, { cause: failure })
}
