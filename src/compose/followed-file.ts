/** Files that others write anew while the process runs: certificates, passwords. */
import { readFileSync } from 'node:fs'
import { ForewarmError } from '../ports/errors.ts'

/**
 * What a file holds each time it is asked for. A file that is away or empty at that moment (it is being replaced) counts
 * as it was. Throws FW_CONFIG_INVALID where it cannot be read at first; `what` names its content.
 */
export function followFile(file: string, what: string): () => string {
  let last = firstOf(file, what)
  return () => {
    try {
      last = readFileSync(file, 'utf8') || last
    } catch {
      // Half-way through its replacement; the next connection looks again.
    }
    return last
  }
}

function firstOf(file: string, what: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text !== '') return text
  } catch (cause) {
    throw new ForewarmError('FW_CONFIG_INVALID', `cannot read the ${what} file ${file}`, { cause })
  }
  throw new ForewarmError('FW_CONFIG_INVALID', `the ${what} file ${file} is empty`)
}
