import { readFileSync } from 'node:fs'

/** Version of this package, from the package.json beside the sources or beside the build. */
export const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
