/** Certificates from their files, as TLS options that follow the files. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { ForewarmError } from '../ports/errors.ts'

export type CertificateFiles = {
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
}

/**
 * TLS options whose members are read from the files each time they are asked for, which clients do for each connection:
 * renewed certificates need no restart. A file that is away at that moment (it is being replaced) counts as it was.
 * Throws FW_CONFIG_INVALID where a file cannot be read at first.
 */
export function certificates({ caFile, certFile, keyFile }: CertificateFiles): ConnectionOptions {
  const options: ConnectionOptions = {}
  const files = { ca: caFile, cert: certFile, key: keyFile }
  for (const [name, file] of Object.entries(files)) {
    if (file !== null) Object.defineProperty(options, name, { enumerable: true, get: following(file) })
  }
  return options
}

function following(file: string): () => string {
  let last = firstOf(file)
  return () => {
    try {
      last = readFileSync(file, 'utf8')
    } catch {
      // Half-way through its replacement; the next connection looks again.
    }
    return last
  }
}

function firstOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ForewarmError('FW_CONFIG_INVALID', `cannot read the certificate file ${file}`, { cause })
  }
}
