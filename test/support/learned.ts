import type { AccessEvent } from '../../src/model/access.ts'
import { anAccessEvent } from './records.ts'

/** When the sessions of tests of the learned predictor begin, milliseconds. */
export const START = 1_700_000_000_000

/** Files that a session of theirs reads. */
export const FILES = 40

/** A cache that holds the files of one analyzer and a half. */
export const LEARNED_OPTIONS = {
  capacityFiles: 60,
  latencyMs: 5,
  aggressiveness: 'medium',
  workspacesMax: 4,
  sessionsMax: 100,
} as const

/** An event of a session that bears the name of its analyzer: `lint-3`. */
export const sessionEvent = (session: string, fields: Partial<AccessEvent> = {}): AccessEvent =>
  anAccessEvent({
    workspace: 'w',
    session,
    analyzer: session.split('-')[0] ?? '',
    publisher: session,
    accesses: [],
    ...fields,
  })
