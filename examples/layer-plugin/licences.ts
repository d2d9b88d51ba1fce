/**
 * A layer of a fleet's own: the licences that a source file names (SPDX-License-Identifier) as JSON, so that an audit
 * reads them from the cache instead of every file. Named in `warm.plugins`, workers warm it; readers ask for `licences`.
 */

/** What the layer needs of a file; it gets more (docs/layers.md). */
type File = { readonly bytes: Uint8Array }

const IDENTIFIER = /SPDX-License-Identifier:\s*([\w.+-]+)/g

const licencesOf = (source: string): readonly string[] =>
  [...source.matchAll(IDENTIFIER)].map(([, licence = '']) => licence).sort()

export const layers = [
  {
    name: 'licences',
    // Raise it with every change of what produce gives: readers then never meet a value of the old shape.
    version: '1',
    handles: (path: string): boolean => /\.(ts|js|py|go)$/.test(path),
    produce({ bytes }: File): Uint8Array {
      return new TextEncoder().encode(JSON.stringify(licencesOf(new TextDecoder().decode(bytes))))
    },
  },
]
