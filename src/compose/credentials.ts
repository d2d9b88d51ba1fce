/** User names and passwords as the settings say them. */
import type { Secret } from '../adapters/secret.ts'
import { followFile } from './followed-file.ts'

export type CredentialSettings = {
  readonly username: string | null
  readonly password: string | null
  readonly passwordFile: string | null
}

/**
 * What is set of user name and password. A password in a file is read anew for each login: a new one needs no restart.
 * Throws FW_CONFIG_INVALID where the file cannot be read at first.
 */
export function credentials(settings: CredentialSettings): { readonly username?: string; readonly password?: Secret } {
  const { username } = settings
  const password = passwordOf(settings)
  return { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }) }
}

function passwordOf({ password, passwordFile }: CredentialSettings): Secret | null {
  if (passwordFile === null) return password
  const read = followFile(passwordFile, 'password')
  return () => read().replace(/\r?\n$/, '')
}
