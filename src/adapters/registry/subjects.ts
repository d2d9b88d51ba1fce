import type { CodedTopic } from '../../ports/codec.ts'
import { ForewarmError, messageOf } from '../../ports/errors.ts'
import { parseSchema } from '../../wire/load-schema.ts'
import { CODED_TOPICS, RECORD_FORMS } from '../../wire/record-forms.ts'
import type { RegistryClient } from './client.ts'

/** The level that a subject is set to, and those that promise at least as much. */
const COMPATIBILITY = 'BACKWARD_TRANSITIVE'
const COMPATIBILITY_ENOUGH = new Set([COMPATIBILITY, 'FULL_TRANSITIVE'])

/** Name of a topic's subject; the topic's name on the broker and `-value` by Confluent's convention. */
export type SubjectOf = (topic: CodedTopic) => string

/** What stands between a subject and what it should be. */
export type SubjectPlan = {
  readonly topic: CodedTopic
  readonly subject: string
  /** One line for each thing that apply would change; empty when all is as it should be. */
  readonly differences: readonly string[]
  /** Why the subject cannot be brought there: its records could not be read any more. */
  readonly refusal: string | null
}

/** Compares all subjects with this build's schemas; changes nothing. */
export const planSubjects = (client: RegistryClient, subjectOf: SubjectOf): Promise<readonly SubjectPlan[]> =>
  Promise.all(CODED_TOPICS.map((topic) => planSubject(client, topic, subjectOf(topic))))

/**
 * Brings all subjects to this build's schemas and returns what was changed; a second time that is nothing. If one is
 * refused, nothing at all is changed: rejects with FW_SCHEMA_INCOMPATIBLE.
 */
export async function applySubjects(client: RegistryClient, subjectOf: SubjectOf): Promise<readonly SubjectPlan[]> {
  const plans = await planSubjects(client, subjectOf)
  const refused = plans.filter((plan) => plan.refusal !== null)
  if (refused.length > 0) {
    const causes = refused.map((plan) => `${plan.subject}: ${plan.refusal}`).join('; ')
    throw new ForewarmError('FW_SCHEMA_INCOMPATIBLE', `schemas not registered: ${causes}`)
  }
  for (const plan of plans) if (plan.differences.length > 0) await ensureSubject(client, plan.topic, plan.subject)
  return plans
}

/** Registers a topic's schema unless it is there, under the right level; returns its id. */
export async function ensureSubject(client: RegistryClient, topic: CodedTopic, subject: string): Promise<number> {
  const schema = schemaToRegister(topic)
  const hasLevel =
    isEnough(await client.compatibility(subject)) || (await client.setCompatibility(subject, COMPATIBILITY))
  const id = (await client.find(subject, schema)) ?? (await client.register(subject, schema))
  // Some registries know a level only for a subject that has a schema.
  if (!hasLevel) await client.setCompatibility(subject, COMPATIBILITY)
  return id
}

/** Whitespace counts as a difference in some registries, so the text is brought to one shape. */
const schemaToRegister = (topic: CodedTopic): string => JSON.stringify(JSON.parse(RECORD_FORMS[topic].schema))

async function planSubject(client: RegistryClient, topic: CodedTopic, subject: string): Promise<SubjectPlan> {
  const [level, versions, id] = await Promise.all([
    client.compatibility(subject),
    client.versions(subject),
    client.find(subject, schemaToRegister(topic)),
  ])
  const differences: string[] = []
  if (!isEnough(level)) differences.push(`compatibility: ${level ?? 'not set'} -> ${COMPATIBILITY}`)
  if (id === null) differences.push(`schema: ${RECORD_FORMS[topic].recordName} revision ${revisionOf(topic)} is added`)
  return { topic, subject, differences, refusal: id === null ? refusalOf(topic, versions) : null }
}

const revisionOf = (topic: CodedTopic): number => RECORD_FORMS[topic].revision

/** Judged here and not by the registry, whose answer hangs on the level that is set now. */
function refusalOf(topic: CodedTopic, versions: readonly string[]): string | null {
  const form = RECORD_FORMS[topic]
  for (const [index, text] of versions.entries()) {
    try {
      form.reader(parseSchema(text))
    } catch (error) {
      const cause = messageOf(error)
      return `records of its version ${index + 1} could not be read by ${form.recordName} revision ${form.revision}: ${cause}`
    }
  }
  return null
}

const isEnough = (level: string | null): boolean => level !== null && COMPATIBILITY_ENOUGH.has(level.toUpperCase())
