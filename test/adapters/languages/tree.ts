import type { Language } from '../../../src/ports/language.ts'

/** Edges of a tree that is given as text by path: what each file of the language imports. */
export function edgesOf(
  language: Language,
  texts: Readonly<Record<string, string>>,
): Record<string, readonly string[]> {
  const encoder = new TextEncoder()
  const bytes = new Map(Object.entries(texts).map(([path, text]) => [path, encoder.encode(text)]))
  const configurations = new Map([...bytes].filter(([path]) => language.isConfiguration(path)))
  const resolver = language.resolver({ files: new Set(bytes.keys()), configurations })
  const edges = [...bytes].flatMap(([path, content]) => {
    if (!language.handles(path)) return []
    const found = resolver.resolve(path, language.parse(path, content).imports)
    return found.length > 0 ? [[path, found] as const] : []
  })
  return Object.fromEntries(edges)
}
