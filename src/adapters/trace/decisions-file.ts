import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { DecisionLog } from '../../model/replay/decision-log.ts'
import { csvCell } from './csv.ts'

/** Writes a replay's warms as `after_row,at_ms,workspace,path`, gzipped when the name ends in `.gz`. */
export async function writeDecisions(file: string, decisions: DecisionLog): Promise<void> {
  const lines = Readable.from(decisionLines(decisions))
  const out = createWriteStream(file)
  if (file.endsWith('.gz')) await pipeline(lines, createGzip(), out)
  else await pipeline(lines, out)
}

function* decisionLines(decisions: DecisionLog): Generator<string> {
  yield 'after_row,at_ms,workspace,path\n'
  for (let nth = 0; nth < decisions.size; nth++) {
    const { workspace, path } = decisions.fileOf(nth)
    yield `${decisions.afterRow[nth]},${decisions.atMs[nth]},${csvCell(workspace)},${csvCell(path)}\n`
  }
}
