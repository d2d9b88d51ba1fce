#!/usr/bin/env node
/**
 * What `forewarm` starts. Loading the libraries of all commands takes half a second of a processor: a command that needs
 * few of them, and may be over sooner, is loaded by itself. What was compiled is kept for the next start, which then takes
 * half as long; where it cannot be kept, every start is a first one.
 */
import '../adapters/system/without-proto.ts'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { ensureFolder } from '../adapters/system/ensure-folder.ts'
import { userCacheFolder } from '../config/user-cache.ts'

const ALONE: ReadonlyMap<string, () => Promise<unknown>> = new Map([['deps', () => import('./deps-program.ts')]])

keepCompiled(join(userCacheFolder(), 'compiled'))
const [, , named = ''] = process.argv
await (ALONE.get(named) ?? (() => import('./main.ts')))()

function keepCompiled(folder: string): void {
  try {
    ensureFolder(folder)
  } catch {
    return
  }
  enableCompileCache(folder)
}
