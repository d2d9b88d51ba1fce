/**
 * The judge's rules once more, in the plainest form and on names: one list a cache, the most recently used first. What
 * the replay counts, and what it writes as decisions, is held against it.
 */
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import type { Verdict } from '../../src/model/replay/judge.ts'

export type PlainRead = { readonly timeMs: number; readonly file: string }
export type PlainWarm = { readonly afterRow: number; readonly atMs: number; readonly file: string }

export function plainly(
  reads: readonly PlainRead[],
  warms: readonly PlainWarm[],
  bounds: { capacityFiles: number; latencyMs: number },
): Verdict {
  const cache: { file: string; unread: boolean }[] = []
  const missRow = new Map<string, number>()
  const count = { reads: 0, hits: 0, misses: 0, inserted: 0, used: 0, late: 0, touched: 0, refused: 0 }
  const toFront = (file: string, unread: boolean): boolean => {
    const at = cache.findIndex((entry) => entry.file === file)
    const [entry] = at < 0 ? [{ file, unread }] : cache.splice(at, 1)
    if (entry !== undefined) cache.unshift(entry)
    if (cache.length > bounds.capacityFiles) cache.pop()
    return at >= 0
  }
  let next = 0
  reads.forEach(({ timeMs, file }, row) => {
    for (let warm = warms[next]; warm !== undefined; warm = warms[next]) {
      if (warm.afterRow >= row || warm.atMs + bounds.latencyMs > timeMs) break
      if ((missRow.get(warm.file) ?? -1) > warm.afterRow) count.late++
      if (toFront(warm.file, true)) count.touched++
      else count.inserted++
      next++
    }
    count.reads++
    if (toFront(file, false)) count.hits++
    else {
      count.misses++
      missRow.set(file, row)
    }
    const entry = cache[0]
    if (entry?.unread) {
      count.used++
      entry.unread = false
    }
  })
  return count
}

/** Rows of a CSV file (no quoted cells) without its header; throws when that is another one. */
async function cellsOf(file: string, header: string): Promise<string[][]> {
  const bytes = await readFile(file)
  const [first, ...lines] = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trimEnd().split('\n')
  if (first !== header) throw new Error(`${file} begins with ${first}`)
  return lines.map((line) => line.split(','))
}

export async function plainReads(file: string): Promise<PlainRead[]> {
  const rows = await cellsOf(file, 'time_ms,workspace,session,path')
  return rows.map(([time, workspace, , path]) => ({ timeMs: Number(time), file: `${workspace}\n${path}` }))
}

/** Warms as a replay wrote them. Throws when one rests on what it had not seen, or when they are out of order. */
export async function plainWarms(file: string, reads: readonly PlainRead[]): Promise<PlainWarm[]> {
  const rows = await cellsOf(file, 'after_row,at_ms,workspace,path')
  const warms = rows.map(([after, at, workspace, path]) => ({
    ...{ afterRow: Number(after), atMs: Number(at), file: `${workspace}\n${path}` },
  }))
  let before = { afterRow: -1, atMs: Number.NEGATIVE_INFINITY }
  for (const warm of warms) {
    const [seenMs, nextMs] = [reads[warm.afterRow]?.timeMs ?? Number.NaN, reads[warm.afterRow + 1]?.timeMs]
    const isInTime = warm.atMs >= seenMs && (nextMs === undefined || warm.atMs <= nextMs)
    if (!isInTime || warm.afterRow < before.afterRow || warm.atMs < before.atMs)
      throw new Error(`a warm after row ${warm.afterRow} at ${warm.atMs} is out of place`)
    before = warm
  }
  return warms
}
