/** The one schema of all settings: types, checks, defaults, documentation and the JSON Schema come from here. */
import type { Static } from 'typebox'
import { cacheSection, embeddedSection, kafkaSection, modelSection, registrySection } from './schema-engines.ts'
import { gatewaySection } from './schema-gateway.ts'
import { healthSection, logSection, telemetrySection } from './schema-serve.ts'
import { strategiesSection } from './schema-strategies.ts'
import { ingestSection, predictSection, warmSection, workspacesSection } from './schema-work.ts'
import { choiceSetting, section } from './setting.ts'

export const settingsSchema = section('Settings of forewarm.', {
  mode: choiceSetting(
    'Which engines the commands work on: `embedded` is one file on this machine, `distributed` is Kafka and Redis.',
    ['embedded', 'distributed'],
    'embedded',
  ),
  workspaces: workspacesSection,
  strategies: strategiesSection,
  ingest: ingestSection,
  predict: predictSection,
  warm: warmSection,
  gateway: gatewaySection,
  health: healthSection,
  telemetry: telemetrySection,
  log: logSection,
  embedded: embeddedSection,
  kafka: kafkaSection,
  registry: registrySection,
  model: modelSection,
  cache: cacheSection,
})

/** Read-only through and through; settings that the user names are in a Map (`__proto__` is a name like any other). */
type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? string extends keyof Value
      ? ReadonlyMap<string, Frozen<Value[keyof Value]>>
      : { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value

export type Settings = Frozen<Static<typeof settingsSchema>>
export type OriginSettings =
  Settings['workspaces'] extends ReadonlyMap<string, infer Workspace extends { origin: unknown }>
    ? Workspace['origin']
    : never
export type RedisSettings = Settings['model']['redis']
