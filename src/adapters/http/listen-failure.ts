import { ForewarmError } from '../../ports/errors.ts'

/** What a failed listen means to whoever set the address; `setting` is the section that has host and port. */
export function listenFailure(cause: unknown, address: { host: string; port: number }, setting: string): unknown {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause
  const message = `cannot listen on ${address.host}:${address.port}: set ${setting}.host and ${setting}.port to a free address`
  return new ForewarmError('FW_CONFIG_INVALID', message, { cause })
}
