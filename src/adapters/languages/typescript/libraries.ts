/**
 * Libraries that are loaded when they are first called: both take as long to load as hundreds of files of Python to
 * parse, and many a workspace needs neither.
 */
import { createRequire } from 'node:module'
import type * as Babel from '@babel/parser'
import type * as Yaml from 'yaml'

const load = createRequire(import.meta.url)

let babelLoaded: typeof Babel | undefined
export const babel = (): typeof Babel => {
  babelLoaded ??= load('@babel/parser') as typeof Babel
  return babelLoaded
}

export const yaml = (): typeof Yaml => load('yaml') as typeof Yaml
