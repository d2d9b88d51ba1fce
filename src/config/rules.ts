/** Rules between settings, and those of one setting that a schema cannot say. */
import { BUILT_IN_STRATEGIES } from '../warming/strategy/presets.ts'
import { nearest, type Problem } from './assignment.ts'
import { brokenGateway } from './rules-gateway.ts'
import { brokenOrigins, isWebAddress } from './rules-origin.ts'
import type { Settings } from './schema.ts'

type Rule = (settings: Settings) => Problem | null

const powerOfTwo = (count: number): boolean => (count & (count - 1)) === 0

const RULES: readonly Rule[] = [
  ({ kafka }) =>
    powerOfTwo(kafka.partitions)
      ? null
      : `kafka.partitions is ${kafka.partitions}: must be a power of two, so that a bucket has one partition`,
  ({ embedded }) =>
    powerOfTwo(embedded.partitions)
      ? null
      : `embedded.partitions is ${embedded.partitions}: must be a power of two, so that a bucket has one partition`,
  ({ kafka }) =>
    kafka.minInsyncReplicas <= kafka.replicationFactor
      ? null
      : `kafka.minInsyncReplicas (${kafka.minInsyncReplicas}) is more than kafka.replicationFactor (${kafka.replicationFactor}): nothing could be written`,
  ({ kafka, model }) =>
    kafka.retentionMs >= model.limits.memoryMs
      ? null
      : `kafka.retentionMs (${kafka.retentionMs}) is less than model.limits.memoryMs (${model.limits.memoryMs}): a lost model could not be rebuilt`,
  ({ kafka }) =>
    kafka.sasl.mechanism === 'none' || (kafka.sasl.username !== null && hasPassword(kafka.sasl))
      ? null
      : `kafka.sasl.mechanism is ${kafka.sasl.mechanism}: kafka.sasl.username and kafka.sasl.passwordFile (or password) are needed`,
  ({ registry }) =>
    isWebAddress(registry.url)
      ? null
      : 'registry.url must be an address like https://host/path; user and password are settings of their own beside it',
  ({ cache }) =>
    cache.unreadTtlMs <= cache.readTtlMs
      ? null
      : `cache.unreadTtlMs (${cache.unreadTtlMs}) is more than cache.readTtlMs (${cache.readTtlMs}): unread warms would outlive what is read`,
]

/** Strategies that workspaces name must be there. */
function* unknownStrategies({ workspaces, strategies }: Settings): Iterable<Problem> {
  const known = [...new Set([...strategies.keys(), ...BUILT_IN_STRATEGIES])]
  for (const [workspace, { schedule, atStart, onPush, onCheckout }] of workspaces) {
    const named: readonly (readonly [setting: string, strategy: string | null])[] = [
      ...schedule.map(({ strategy }, index) => [`schedule.${index}.strategy`, strategy] as const),
      ...atStart.map((strategy) => ['atStart', strategy] as const),
      ['onPush', onPush],
      ['onCheckout', onCheckout],
    ]
    for (const [setting, strategy] of named) {
      if (strategy === null || known.includes(strategy)) continue
      const where = `workspaces.${workspace}.${setting}`
      yield `${where}: there is no strategy ${JSON.stringify(strategy)}${nearest(strategy, known)}`
    }
  }
}

type Login = { readonly password: string | null; readonly passwordFile: string | null }

const hasPassword = ({ password, passwordFile }: Login): boolean => password !== null || passwordFile !== null

/** Nobody could tell which of two passwords holds. */
function* doublePasswords({ kafka, registry, model, cache }: Settings): Iterable<Problem> {
  const logins: readonly (readonly [setting: string, login: Login])[] = [
    ['kafka.sasl', kafka.sasl],
    ['registry', registry],
    ['model.redis', model.redis],
    ['cache.redis', cache.redis],
  ]
  for (const [setting, { password, passwordFile }] of logins) {
    if (password !== null && passwordFile !== null) {
      yield `${setting}.password and ${setting}.passwordFile are both set: keep one`
    }
  }
}

export const brokenRules = (settings: Settings): readonly Problem[] => [
  ...RULES.map((rule) => rule(settings)).filter((found) => found !== null),
  ...brokenGateway(settings),
  ...brokenOrigins(settings),
  ...unknownStrategies(settings),
  ...doublePasswords(settings),
]
