/** How long a certificate is good for. */
import type { TlsFault } from '../../ports/diagnosis.ts'
import type { Finding, FindingsOf } from './finding.ts'

/** Whose a certificate is, and its last moment: milliseconds since the epoch, and the day of it. */
export type CertificateFacts = { readonly name: string; readonly endsAtMs: number; readonly day: string }

const DAY_MS = 86_400_000
/** Two weeks: time to renew it in working hours. */
const NEAR_DAYS = 14
const MEND = 'renew it: processes take a new one at their next connection, without a restart'

/** `what` says where it was found: a file of the settings, or who shows it. */
export function certificateFinding(
  what: string,
  { name, endsAtMs, day }: CertificateFacts,
  { ok, warn, fail, nowMs }: FindingsOf & { readonly nowMs: number },
): Finding {
  const days = Math.floor((endsAtMs - nowMs) / DAY_MS)
  if (endsAtMs <= nowMs) return fail(`${what}: the certificate of ${name} has ended on ${day}`, MEND)
  return days < NEAR_DAYS
    ? warn(`${what}: the certificate of ${name} ends on ${day}, in ${days} ${days === 1 ? 'day' : 'days'}`, MEND)
    : ok(`${what}: the certificate of ${name} is good until ${day}`)
}

export type TlsProblem = {
  /** Of the server: `host:port`. */
  readonly address: string
  readonly kind: TlsFault
  /** As the system calls it. */
  readonly code: string
  /** Where the settings of its TLS are. */
  readonly path: string
  /** Whether these name a certificate of the client. */
  readonly hasOwn: boolean
}

/** Why no connection comes about, where TLS is why. */
export function tlsFinding({ address, kind, code, path, hasOwn }: TlsProblem, { fail }: FindingsOf): Finding {
  const say = (what: string, mend: string) => fail(`${address} ${what} (${code})`, mend)
  switch (kind) {
    case 'client-certificate':
      return hasOwn
        ? say(`does not take the certificate of ${path}.certFile`, 'set one of an authority that the server trusts')
        : say(
            'takes only clients with a certificate, and none is set',
            `set ${path}.certFile and keyFile to a certificate of an authority that the server trusts`,
          )
    case 'no-tls':
      return say('does not speak TLS', `name the port at which it does, or leave ${path} out`)
    case 'names':
      return say('shows a certificate for other names', 'name the server in the settings as its certificate does')
    case 'ended':
      return say('shows a certificate that has ended', MEND)
    case 'untrusted':
      return say(
        'shows a certificate that is not trusted here',
        `set ${path}.caFile to the authority that has given it`,
      )
  }
}
