#!/usr/bin/env node
/**
 * What `forewarm` starts. Loading the libraries of all commands takes half a second of a processor: a command that needs
 * few of them, and may be over sooner, is loaded by itself.
 */
const ALONE: ReadonlyMap<string, () => Promise<unknown>> = new Map([['deps', () => import('./deps-program.ts')]])

const [, , named = ''] = process.argv
await (ALONE.get(named) ?? (() => import('./main.ts')))()
