/** Certificates from their files, as TLS options that follow the files. */
import type { ConnectionOptions } from 'node:tls'
import { followFile } from './followed-file.ts'

export type CertificateFiles = {
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
}

/**
 * TLS options whose members are read from the files each time they are asked for, which clients do for each connection:
 * renewed certificates need no restart. Throws FW_CONFIG_INVALID where a file cannot be read at first.
 */
export function certificates({ caFile, certFile, keyFile }: CertificateFiles): ConnectionOptions {
  const options: ConnectionOptions = {}
  const files = { ca: caFile, cert: certFile, key: keyFile }
  for (const [name, file] of Object.entries(files)) {
    if (file !== null) Object.defineProperty(options, name, { enumerable: true, get: followFile(file, 'certificate') })
  }
  return options
}
