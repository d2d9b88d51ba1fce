/** What goes wrong with TLS on the way to a server, by the codes that Node gives its errors. */
import type { TlsFault } from '../ports/diagnosis.ts'

/** The first that fits. */
const FAULTS: readonly (readonly [RegExp, TlsFault])[] = [
  // What OpenSSL calls alerts of the other side; older servers say only that the handshake has failed.
  [/ALERT_(.*CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/, 'client-certificate'],
  [/^(ERR_SSL|EPROTO)/, 'no-tls'],
  [/ALTNAME/, 'names'],
  [/EXPIRED/, 'ended'],
  [/CERT|UNABLE_TO/, 'untrusted'],
]

/** Null where the code is none of TLS. */
export const tlsFaultOf = (code: string): TlsFault | null => FAULTS.find(([pattern]) => pattern.test(code))?.[1] ?? null

/** Code of an error of the system, of TLS or of Node; empty where it has none. */
export const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : '')
