import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readGraphFiles } from '../src/adapters/trace/graph-file.ts'
import type { PredictorGraph } from '../src/model/prediction/predictor.ts'

export const NO_GRAPHS: ReadonlyMap<string, PredictorGraph> = new Map()

/** The graphs in the folder `graph` beside recorded traces, by workspace; none where there is no such folder. */
export async function graphsBeside(traces: string): Promise<ReadonlyMap<string, PredictorGraph>> {
  const beside = join(traces, 'graph')
  if (!existsSync(beside)) return NO_GRAPHS
  return readGraphFiles(readdirSync(beside).map((name) => join(beside, name)))
}
