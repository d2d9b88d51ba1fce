import { existsSync, readFileSync } from 'node:fs'
import avro, { type Type } from 'avsc'

export type LoadedSchema = { readonly text: string; readonly type: Type; readonly name: string }

/** Reads a schema of the `schemas` folder, which lies beside `src` in the repository and beside `dist` in the package. */
export function loadSchema(file: string): LoadedSchema {
  const text = readFileSync(new URL(file, schemasFolder()), 'utf8')
  const type = parseSchema(text)
  if (type.name === undefined) throw new Error(`schemas/${file} is no named record`)
  return { text, type, name: type.name }
}

/**
 * An avsc type of a schema's text. No logical types are registered, so a timestamp stays a number of milliseconds:
 * no Date object a read.
 */
export const parseSchema = (text: string): Type => avro.Type.forSchema(JSON.parse(text))

function schemasFolder(): URL {
  const folders = [new URL('../../schemas/', import.meta.url), new URL('../../../schemas/', import.meta.url)]
  const folder = folders.find((each) => existsSync(new URL('access-event.v1.avsc', each)))
  if (folder === undefined) throw new Error(`no schemas folder beside ${import.meta.url}; is the package whole?`)
  return folder
}
