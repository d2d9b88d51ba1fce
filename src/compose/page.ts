import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The built live page: in the build itself, or for sources in the build beside them; null where nobody has built it. */
export function pageFolder(): string | null {
  const places = ['../../page/', '../../dist/page/'].map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return places.find((place) => existsSync(`${place}index.html`)) ?? null
}
