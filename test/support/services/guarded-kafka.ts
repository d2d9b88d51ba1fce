import { onTestFinished } from 'vitest'
import { type Kafka, startKafka } from './kafka.ts'
import { freePorts } from './ports.ts'

export type GuardedKafka = Kafka & {
  /** Where the test itself comes, without a name. */
  readonly open: string
  /** Where one comes with user name and password, in plain text. */
  readonly guarded: string
}

/** Users of a broker with their passwords, as it keeps them in its settings. */
export const plainUsers = (users: Readonly<Record<string, string>>): Record<string, string> => ({
  'sasl.enabled.mechanisms': 'PLAIN',
  'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${Object.entries(
    users,
  )
    .map(([user, password]) => `user_${user}="${password}"`)
    .join(' ')};`,
})

/** Lets nobody with a name do anything that no ACL allows, and who comes without one do everything. */
export const AUTHORIZER = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
}

/** A broker with a listener that asks who one is, until the test has finished. */
export async function startGuardedKafka(settings: Readonly<Record<string, string>>): Promise<GuardedKafka> {
  const [open = 0, guarded = 0, controller = 0] = await freePorts(3)
  const listeners = `PLAINTEXT://127.0.0.1:${open},SASL_PLAINTEXT://127.0.0.1:${guarded}`
  const kafka = await startKafka({
    settings: {
      listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': listeners,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      ...settings,
    },
  })
  onTestFinished(kafka.stop)
  return { ...kafka, open: `127.0.0.1:${open}`, guarded: `127.0.0.1:${guarded}` }
}
