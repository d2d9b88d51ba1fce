import type { ModelReader } from '../ports/model-reader.ts'

const NEAREST_MAX = 5

/**
 * Learned files whose names are most like a word that names none: the same last part, the word in it, or few other
 * letters.
 */
export async function nearestPaths(
  models: Pick<ModelReader, 'files'>,
  workspace: string,
  word: string,
): Promise<readonly string[]> {
  const found: { readonly path: string; readonly far: number }[] = []
  for await (const files of models.files(workspace)) {
    for (const { path } of files) {
      const far = distanceOf(path, word)
      if (far !== null) found.push({ path, far })
    }
  }
  return found
    .sort((one, other) => one.far - other.far || one.path.length - other.path.length)
    .slice(0, NEAREST_MAX)
    .map(({ path }) => path)
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toLowerCase()

/** Null for names that have nothing in common. */
function distanceOf(path: string, word: string): number | null {
  const [name, wanted] = [lastPart(path), lastPart(word)]
  if (name === wanted) return 0
  if (path.toLowerCase().includes(word.toLowerCase())) return 1
  const most = Math.floor(wanted.length / 3)
  const edits = Math.abs(name.length - wanted.length) > most ? most + 1 : editsBetween(name, wanted)
  return edits > most ? null : 1 + edits
}

/** Letters to insert, take out or replace (Levenshtein 1966). */
export function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at]
    for (let to = 1; to <= other.length; to += 1) {
      const replaced = (row[to - 1] ?? 0) + Number(one[at - 1] !== other[to - 1])
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
