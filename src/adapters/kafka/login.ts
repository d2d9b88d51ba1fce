import type { SASLOptions } from 'kafkajs'
import { type Secret, secretNow } from '../secret.ts'

export type KafkaLogin = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: Secret
}

/** One login at a broker, as kafkajs carries it out. */
type Authenticator = { authenticate(): Promise<void> }
type MakeAuthenticator = (at: unknown) => Authenticator

/**
 * The login for kafkajs, which asks for the password at each new connection. kafkajs gives up where a login is refused;
 * after one that succeeded that passes by itself, since the password has been changed there and not yet here. Only its
 * authenticator knows, which it puts into the options at its first login.
 */
export function saslOf({ mechanism, username, password }: KafkaLogin): SASLOptions {
  let make: MakeAuthenticator | undefined
  const login = {
    mechanism,
    username,
    get password() {
      return secretNow(password)
    },
    get authenticationProvider() {
      return make
    },
    set authenticationProvider(made) {
      make = made === undefined ? undefined : patientAfterSuccess(made)
    },
  }
  return login as SASLOptions
}

function patientAfterSuccess(make: MakeAuthenticator): MakeAuthenticator {
  let wasLetIn = false
  return (at) => {
    const { authenticate } = make(at)
    return {
      async authenticate() {
        try {
          await authenticate()
          wasLetIn = true
        } catch (error) {
          if (wasLetIn && error instanceof Error) Object.assign(error, { retriable: true })
          throw error
        }
      },
    }
  }
}
