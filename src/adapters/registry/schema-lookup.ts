import type { Type } from 'avsc'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../ports/clock.ts'
import { ForewarmError, messageOf } from '../../ports/errors.ts'
import { parseSchema } from '../../wire/load-schema.ts'
import type { RegisteredSchema, RegistryClient } from './client.ts'

/** A writer's schema, or why there is none: now (`retriable`), or for good. */
export type Lookup = { readonly writer: Type } | { readonly retriable: boolean; readonly reason: string }

export type SchemaLookup = {
  /** What is known without asking. */
  known(id: number): Lookup | undefined
  /** Asks the registry once for all who want the same id. Never rejects for a registry that is away. */
  ask(id: number): Promise<Lookup>
}

/** Ids remembered, good ones and bad ones each. */
const IDS_MAX = 1_000
/** How long an id that the registry did not know is not asked for again. */
const UNKNOWN_MS = 60_000
/** How long nothing is asked after the registry has failed. */
const REST_MS = 1_000
/** Questions a second at the most, whatever ids hostile bytes claim. */
const QUESTIONS_PER_SECOND_MAX = 50

/**
 * Schemas by id. What was once found is kept, so that a registry that is away stops only what it alone knows; what was
 * not found is remembered for a while, so that bytes with made-up ids cannot make a storm of questions.
 */
export function createSchemaLookup(client: RegistryClient, clock: Pick<Clock, 'monotonicMs'>): SchemaLookup {
  const found = new LRUCache<number, Lookup>({ max: IDS_MAX })
  const unknown = new LRUCache<number, { readonly lookup: Lookup; readonly untilMs: number }>({ max: IDS_MAX })
  const asked = new Map<number, Promise<Lookup>>()
  const budget = createBudget(clock)

  const question = async (id: number): Promise<Lookup> => {
    if (!budget.take()) return { retriable: true, reason: `schema id ${id} waits: the registry is being spared` }
    try {
      const answer = await client.schemaById(id)
      const lookup = answer === null ? missing(id) : judge(id, answer)
      if ('writer' in lookup) found.set(id, lookup)
      else unknown.set(id, { lookup, untilMs: clock.monotonicMs() + UNKNOWN_MS })
      return lookup
    } catch (error) {
      if (!(error instanceof ForewarmError)) throw error
      budget.rest()
      return { retriable: true, reason: `schema id ${id} cannot be looked up: ${error.message}` }
    }
  }
  const ask = (id: number): Promise<Lookup> => {
    const running = asked.get(id)
    if (running !== undefined) return running
    const started = question(id).finally(() => asked.delete(id))
    asked.set(id, started)
    return started
  }
  const notThere = (id: number): Lookup | undefined => {
    const entry = unknown.get(id)
    return entry !== undefined && clock.monotonicMs() < entry.untilMs ? entry.lookup : undefined
  }
  return { known: (id) => found.get(id) ?? notThere(id), ask }
}

const missing = (id: number): Lookup => ({ retriable: false, reason: `schema id ${id} is not in the registry` })

function judge(id: number, { schema, schemaType, hasReferences }: RegisteredSchema): Lookup {
  if (schemaType !== 'AVRO') return { retriable: false, reason: `schema id ${id} is of type ${schemaType}, not AVRO` }
  if (hasReferences) return { retriable: false, reason: `schema id ${id} leans on other subjects` }
  try {
    return { writer: parseSchema(schema) }
  } catch (error) {
    const cause = messageOf(error)
    return { retriable: false, reason: `schema id ${id} is no Avro schema: ${cause.slice(0, 200)}` }
  }
}

/** Questions that may still be asked: so many a second, none for a while after a failure. */
function createBudget(clock: Pick<Clock, 'monotonicMs'>): { take(): boolean; rest(): void } {
  let windowStartMs = Number.NEGATIVE_INFINITY
  let taken = 0
  let restUntilMs = Number.NEGATIVE_INFINITY
  return {
    take() {
      const nowMs = clock.monotonicMs()
      if (nowMs < restUntilMs) return false
      if (nowMs - windowStartMs >= 1_000) {
        windowStartMs = nowMs
        taken = 0
      }
      taken += 1
      return taken <= QUESTIONS_PER_SECOND_MAX
    },
    rest() {
      restUntilMs = clock.monotonicMs() + REST_MS
    },
  }
}
