import type { Access, AccessEvent, AccessOutcome, Change } from '../model/access.ts'
import {
  countProblem,
  filePathProblem,
  listProblem,
  nameProblem,
  optionalNameProblem,
  type Problem,
  timeProblem,
} from './checks.ts'
import {
  ACCESSES_MAX,
  ANALYZER_LENGTH_MAX,
  CHANGES_MAX,
  ID_LENGTH_MAX,
  REVISION_LENGTH_MAX,
  SESSION_LENGTH_MAX,
  VERSION_LENGTH_MAX,
  WORD_LENGTH_MAX,
  WORKSPACE_LENGTH_MAX,
} from './limits.ts'
import { defineForm } from './record-form.ts'

type AccessWire = Omit<Access, 'timeMs'> & { readonly time: number }
type ChangeWire = Omit<Change, 'timeMs'> & { readonly time: number }
type AccessEventWire = Omit<AccessEvent, 'accesses' | 'changes'> & {
  readonly accesses: readonly AccessWire[]
  readonly changes: readonly ChangeWire[]
}

export const accessEventForm = defineForm<AccessEvent, AccessEventWire>({
  topic: 'access-events',
  file: 'access-event.v1.avsc',
  revision: 1,
  toWire: (event) => ({
    ...event,
    accesses: event.accesses.map(({ timeMs, ...access }) => ({ ...access, time: timeMs })),
    changes: event.changes.map(({ timeMs, ...change }) => ({ ...change, time: timeMs })),
  }),
  fromWire,
  problem: accessEventProblem,
})

// Field by field, not by spreading: this runs for every access that anyone reads.
function fromWire(wire: AccessEventWire): AccessEvent {
  return {
    workspace: wire.workspace,
    session: wire.session,
    analyzer: wire.analyzer,
    revision: wire.revision,
    publisher: wire.publisher,
    sequence: wire.sequence,
    sessionEnded: wire.sessionEnded,
    forget: wire.forget,
    accesses: wire.accesses.map(accessFromWire),
    changes: wire.changes.map(({ path, time, version }) => ({ path, timeMs: time, version })),
  }
}

const accessFromWire = (wire: AccessWire): Access => ({
  path: wire.path,
  timeMs: wire.time,
  layer: wire.layer,
  version: wire.version,
  outcome: wire.outcome satisfies AccessOutcome,
  warmedBy: wire.warmedBy,
})

/** What keeps an event from the log, or null: the same check for those who write and those who read. */
export function accessEventProblem(event: AccessEvent): Problem {
  return (
    nameProblem('workspace', event.workspace, { lengthMax: WORKSPACE_LENGTH_MAX }) ??
    nameProblem('session', event.session, { lengthMax: SESSION_LENGTH_MAX }) ??
    nameProblem('analyzer', event.analyzer, { lengthMax: ANALYZER_LENGTH_MAX }) ??
    optionalNameProblem('revision', event.revision, { lengthMax: REVISION_LENGTH_MAX }) ??
    nameProblem('publisher', event.publisher, { lengthMax: ID_LENGTH_MAX, emptyAllowed: true }) ??
    countProblem('sequence', event.sequence) ??
    listProblem({ field: 'accesses', items: event.accesses, itemsMax: ACCESSES_MAX }, accessProblem) ??
    listProblem({ field: 'changes', items: event.changes, itemsMax: CHANGES_MAX }, changeProblem)
  )
}

/** What is wrong with one access, or null. */
export const accessProblem = (access: Access): Problem =>
  filePathProblem('path', access.path) ??
  timeProblem('time', access.timeMs) ??
  nameProblem('layer', access.layer, { lengthMax: WORD_LENGTH_MAX }) ??
  optionalNameProblem('version', access.version, { lengthMax: VERSION_LENGTH_MAX }) ??
  optionalNameProblem('warmedBy', access.warmedBy, { lengthMax: ID_LENGTH_MAX })

const changeProblem = (change: Change): Problem =>
  (change.path === null ? null : filePathProblem('path', change.path)) ??
  timeProblem('time', change.timeMs) ??
  optionalNameProblem('version', change.version, { lengthMax: VERSION_LENGTH_MAX })
