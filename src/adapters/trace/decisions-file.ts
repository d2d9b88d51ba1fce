import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { ReplayRun } from '../../model/replay/replay.ts'
import type { Trace } from '../../model/replay/trace.ts'
import { csvCell } from './csv.ts'

/** Writes a replay's warms as `after_row,at_ms,workspace,path`, gzipped when the name ends in `.gz`. */
export async function writeDecisions(file: string, trace: Trace, run: ReplayRun): Promise<void> {
  const lines = Readable.from(decisionLines(trace, run))
  const out = createWriteStream(file)
  if (file.endsWith('.gz')) await pipeline(lines, createGzip(), out)
  else await pipeline(lines, out)
}

function* decisionLines(trace: Trace, run: ReplayRun): Generator<string> {
  yield 'after_row,at_ms,workspace,path\n'
  const { afterRow, atMs, file } = run.decisions
  for (let nth = 0; nth < file.length; nth++) {
    const id = file[nth] ?? 0
    const named = trace.files[id] ?? run.extraFiles[id - trace.files.length]
    if (named === undefined) throw new RangeError(`decision ${nth} names no file`)
    yield `${afterRow[nth]},${atMs[nth]},${csvCell(named.workspace)},${csvCell(named.path)}\n`
  }
}
