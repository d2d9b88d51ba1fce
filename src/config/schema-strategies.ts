/** Settings of strategies, and of when they run by themselves. The same schema checks strategy files. */
import { Cron } from 'croner'
import { Type } from 'typebox'
import { PRESETS } from '../warming/strategy/presets.ts'
import { AGGRESSIVENESS } from '../warming/strategy/run-spec.ts'
import { readSelector } from '../warming/strategy/selector.ts'
import { STRATEGY_BOUNDS } from '../warming/strategy/strategy.ts'
import { maybe, named, optionalSetting, section, several } from './setting.ts'

/** Names of strategies. */
const STRATEGY_NAMES = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

const LAYER_NAMES = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

const selectorFault = (text: unknown): string | null => {
  const read = readSelector(String(text))
  return 'problem' in read ? read.problem : null
}

const cronFault = (text: unknown): string | null => {
  try {
    return new Cron(String(text), { paused: true }).nextRun() === null ? 'never comes' : null
  } catch {
    return 'is no cron pattern: five fields (minute hour day month weekday), or six with seconds first'
  }
}

const timeZoneFault = (text: unknown): string | null => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: String(text) })
    return null
  } catch {
    return 'is no time zone: name one like Europe/Berlin or UTC'
  }
}

const cron = Type.String({
  description: 'When: minute, hour, day of month, month, day of week (a sixth field before them is seconds).',
  minLength: 1,
  fault: cronFault,
})

const timeZone = Type.String({
  description: 'Time zone that the pattern means, as in the IANA database.',
  default: 'UTC',
  fault: timeZoneFault,
})

const whole = (description: string, bounds: { readonly minimum: number; readonly maximum: number }) =>
  maybe(description, Type.Integer(bounds))

const strategyMembers = {
  preset: maybe(
    'Preset that gives the values which are not set here; one of the same name unless told.',
    Type.Enum([...PRESETS]),
  ),
  aggressiveness: maybe(
    'The one knob: values that neither this strategy nor its preset sets follow from it.',
    Type.Enum([...AGGRESSIVENESS]),
  ),
  priorityFiles: Type.Union([Type.Array(Type.String({ minLength: 1 }), { maxItems: 64 }), Type.Null()], {
    description:
      'What a run begins with, the most important first: globs, or `list:FILE`, `changed:REF`, `mostAccessed:COUNT`, `profile:ANALYZER:COUNT`, `peakHour:COUNT`, `withinHour:COUNT`.',
    default: null,
    fault: selectorFault,
  }),
  dependencyDepth: whole('How far imports of the priority files are followed.', STRATEGY_BOUNDS.dependencyDepth),
  parallelWorkers: whole('Files in flight over all workers together.', STRATEGY_BOUNDS.parallelWorkers),
  batchSize: whole('Files of one command before it adapts to pressure.', STRATEGY_BOUNDS.batchSize),
  predictivePrefetch: maybe('Whether what the models expect beside the priority files is warmed too.', Type.Boolean()),
  accessPatternLearning: maybe('Whether later reads of the files settle the predictions of the run.', Type.Boolean()),
  memoryPressureThreshold: maybe(
    'Memory pressure above which warming stops.',
    Type.Number(STRATEGY_BOUNDS.memoryPressureThreshold),
  ),
  timeLimitMs: whole('Time for a run to end, milliseconds.', STRATEGY_BOUNDS.timeLimitMs),
  filesMax: whole('Files of one run; 0 for no bound.', STRATEGY_BOUNDS.filesMax),
  bytesMax: whole('Bytes that one run may bring in; 0 for no bound.', STRATEGY_BOUNDS.bytesMax),
  bytesPerSecondMax: whole('Bytes a second over all workers; 0 for no bound.', STRATEGY_BOUNDS.bytesPerSecondMax),
  layers: maybe(
    'Layers that are filled.',
    Type.Array(Type.String({ pattern: LAYER_NAMES }), { minItems: 1, maxItems: 16 }),
  ),
  schedule: several(
    'When the strategy runs by itself in every workspace.',
    section('One schedule.', { cron, timeZone }),
  ),
}

export const strategiesSection = named(
  'Strategies of your own, by name (docs/strategies.md); those of the presets are there without settings.',
  STRATEGY_NAMES,
  section('One strategy.', strategyMembers),
)

/** What a strategy file holds. */
export const strategyFileSchema = section('A file of strategies.', { strategies: strategiesSection })

const strategyName = Type.String({ description: 'Name of the strategy.', pattern: STRATEGY_NAMES })

/** Of one workspace: which strategies run by themselves, and when. */
export const triggerMembers = {
  schedule: several(
    'Strategies that run by themselves at times.',
    section('One schedule.', { cron, timeZone, strategy: strategyName }),
  ),
  atStart: Type.Array(Type.String({ pattern: STRATEGY_NAMES }), {
    description: 'Strategies that run in the background when forewarm starts.',
    default: [],
  }),
  onPush: optionalSetting('Strategy that runs when a push is posted to the gateway.'),
  onCheckout: optionalSetting('Strategy that runs when a checkout is posted to the gateway.'),
}
