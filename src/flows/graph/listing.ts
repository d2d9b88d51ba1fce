import type { Language } from '../../ports/language.ts'
import type { Origin, OriginEntry } from '../../ports/origin.ts'
import type { SourceEntry } from './parse-changed.ts'

/** The files of a workspace as the graph sees them. */
export type SourceListing = {
  readonly files: ReadonlySet<string>
  readonly sources: readonly SourceEntry[]
  readonly configurations: readonly OriginEntry[]
}

/** Lists an origin once: all its files, and those that languages parse or are configured by. */
export async function listSources(
  origin: Origin,
  languages: readonly Language[],
  signal: AbortSignal,
): Promise<SourceListing> {
  const files = new Set<string>()
  const sources: SourceEntry[] = []
  const configurations: OriginEntry[] = []
  for await (const entry of origin.list(signal)) {
    files.add(entry.path)
    const language = languages.find((one) => one.handles(entry.path))
    if (language !== undefined) sources.push({ ...entry, language })
    if (languages.some((one) => one.isConfiguration(entry.path))) configurations.push(entry)
  }
  return { files, sources, configurations }
}
