/** Finds the files that a run begins with, selector by selector. */
import { ForewarmError } from '../../../ports/errors.ts'
import type { ModelReader } from '../../../ports/model-reader.ts'
import type { Origin } from '../../../ports/origin.ts'
import { isGlob, readGlob } from '../../../warming/glob.ts'
import { Heaviest, listedPaths, weighers } from '../../../warming/run/select.ts'
import type { FileSelector } from '../../../warming/strategy/run-spec.ts'
import type { Listing } from './listing.ts'

export type SelectContext = {
  readonly workspace: string
  readonly origin: Origin
  readonly listing: Listing
  readonly models: Pick<ModelReader, 'files' | 'profile'>
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** Largest list file, bytes. */
const LIST_BYTES_MAX = 16 * 1_048_576

/** Paths that a selector gives, the most important first. Rejects with what keeps it from doing so. */
export async function selectFiles(selector: FileSelector, context: SelectContext): Promise<readonly string[]> {
  const paths = await selected(selector, context)
  return selector.count > 0 ? paths.slice(0, selector.count) : paths
}

function selected(selector: FileSelector, context: SelectContext): Promise<readonly string[]> {
  switch (selector.kind) {
    case 'glob':
      return globbed(selector.value, context)
    case 'list':
      return listed(selector.value, context)
    case 'changed':
      return context.origin.changedSince(selector.value, context.signal)
    case 'profile':
      return profiled(selector, context)
    case 'mostAccessed':
    case 'peakHour':
    case 'withinHour':
      return weighed(selector, context)
    default:
      throw invalid(`a selector is of the kind ${selector.kind}, which this build does not know`)
  }
}

/** A name without wildcards needs no listing: should there be no such file, the run says so. */
async function globbed(pattern: string, { listing, signal }: SelectContext): Promise<readonly string[]> {
  const glob = readGlob(pattern)
  if ('problem' in glob) throw invalid(`the glob ${pattern} ${glob.problem}`)
  if (!isGlob(pattern) && !pattern.includes('\\')) return [pattern.replace(/^\.\//, '')]
  const files = await listing.files(signal)
  const isIgnored = ignoredBy(await listing.ignored(signal), pattern)
  const found: string[] = []
  for (const path of files) if (glob.matches(path) && !isIgnored(path)) found.push(path)
  return found.sort()
}

/** Whether a path is left out; a glob that begins with what is left out means it all the same. */
function ignoredBy(ignored: readonly string[], pattern: string): (path: string) => boolean {
  const all = new Set(ignored.filter((one) => !pattern.startsWith(one)))
  return (path) => {
    if (all.size === 0) return false
    if (all.has(path)) return true
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      if (all.has(path.slice(0, at + 1))) return true
    }
    return false
  }
}

async function listed(file: string, { origin, signal }: SelectContext): Promise<readonly string[]> {
  const read = await origin.read(file, { bytesMax: LIST_BYTES_MAX, signal })
  if (read.outcome === 'read') return listedPaths(new TextDecoder().decode(read.file.bytes))
  throw invalid(`the list ${file} cannot be read (${read.outcome}): name a file of the workspace with one path a line`)
}

async function profiled({ value, count }: FileSelector, context: SelectContext): Promise<readonly string[]> {
  const profile = await context.models.profile(context.workspace, value)
  const files = [...(profile?.files ?? [])].sort((a, b) => b.count - a.count || (a.path < b.path ? -1 : 1))
  const paths = await stillThere(
    files.map(({ path }) => path),
    context,
  )
  return count > 0 ? paths.slice(0, count) : paths
}

async function weighed(selector: FileSelector, context: SelectContext): Promise<readonly string[]> {
  const weigh = weighers(context.nowMs)[selector.kind as keyof ReturnType<typeof weighers>]
  const known = await context.listing.filesIfListed(context.signal)
  const heaviest = new Heaviest(selector.count, weigh)
  for await (const files of context.models.files(context.workspace)) {
    heaviest.add(known === null ? files : files.filter(({ path }) => known.has(path)))
  }
  return heaviest.paths()
}

/** Without the files that were read once and that the origin no longer has. */
async function stillThere(paths: readonly string[], { listing, signal }: SelectContext): Promise<readonly string[]> {
  const known = await listing.filesIfListed(signal)
  return known === null ? paths : paths.filter((path) => known.has(path))
}

const invalid = (message: string): ForewarmError => new ForewarmError('FW_STRATEGY_INVALID', message)
