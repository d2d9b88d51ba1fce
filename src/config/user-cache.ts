/** Where what can be made again is kept for this user: `$XDG_CACHE_HOME/forewarm`, else `~/.cache/forewarm`. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ownEnvironment } from './environment.ts'

export const userCacheFolder = (): string =>
  join(ownEnvironment()['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'forewarm')
