import { FINGERPRINT_FORMAT } from '../dependencies/fingerprint.ts'
import type { ImportGraphs } from '../ports/import-graphs.ts'
import type { Language } from '../ports/language.ts'
import type { ClosureLayer } from '../ports/layer.ts'
import { INCREMENTAL } from '../warming/incremental.ts'
import { parserVersions } from './ast-layer.ts'

/** The `incremental` layer: fingerprints of files and all that they import. */
export const createIncrementalLayer = (languages: readonly Language[], graphs: ImportGraphs): ClosureLayer => ({
  name: INCREMENTAL,
  version: [FINGERPRINT_FORMAT, parserVersions(languages)].join(' '),
  handles: (path) => languages.some((language) => language.handles(path)),
  snapshot: (wish, signal) => graphs.snapshot(wish, signal),
  sources: () => graphs.sources(),
})
