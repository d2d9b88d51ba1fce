import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Kafka, startKafka } from './kafka.ts'
import { freePorts } from './ports.ts'

export type GuardedKafka = Kafka & {
  /** Where the test itself comes, without a name. */
  readonly open: string
  /** Where one comes with user name and password; in plain text where there are no certificates. */
  readonly guarded: string
  /** Where one comes with a certificate, whose subject is one's name. */
  readonly certified: string
}

export type Guards = {
  readonly settings?: Readonly<Record<string, string>>
  /** Users with their passwords, by SCRAM-SHA-512. */
  readonly scramUsers?: Readonly<Record<string, string>>
  /** Folder of an authority's files (certificates.ts): both guarded ways in are encrypted. */
  readonly certificates?: string
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

/** A broker with listeners that ask who one is. */
export async function startKafkaWithGuards({ settings, scramUsers = {}, certificates }: Guards): Promise<GuardedKafka> {
  const [open, guarded, certified, controller] = (await freePorts(4)).map((port) => `127.0.0.1:${port}`)
  const sasl = certificates === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL'
  const encrypted = certificates === undefined ? [] : [`SSL://${certified}`]
  const listeners = [`PLAINTEXT://${open}`, `${sasl}://${guarded}`, ...encrypted].join()
  const kafka = await startKafka({
    settings: {
      listeners: `${listeners},CONTROLLER://${controller}`,
      'advertised.listeners': listeners,
      'controller.quorum.voters': `1@${controller}`,
      'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,${sasl}:${sasl},SSL:SSL,CONTROLLER:PLAINTEXT`,
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      [`listener.name.${sasl.toLowerCase()}.scram-sha-512.sasl.jaas.config`]:
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      ...(certificates === undefined ? {} : keystores(certificates)),
      ...settings,
    },
    scramUsers,
  })
  return { ...kafka, open: `${open}`, guarded: `${guarded}`, certified: `${certified}` }
}

const keystores = (folder: string): Record<string, string> => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': join(folder, 'server.pem'),
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': join(folder, 'ca.crt'),
  'listener.name.ssl.ssl.client.auth': 'required',
})

/** The same, until the test has finished. */
export async function startGuardedKafka(settings: Readonly<Record<string, string>> = {}): Promise<GuardedKafka> {
  const kafka = await startKafkaWithGuards({ settings })
  onTestFinished(kafka.stop)
  return kafka
}
