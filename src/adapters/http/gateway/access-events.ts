/** Events from the bodies of POST /accesses: one JSON object, or NDJSON as log shippers send it. */
import type { AccessEvent } from '../../../model/access.ts'
import { ForewarmError } from '../../../ports/errors.ts'
import type { AccessesBody, AccessLine } from './schemas.ts'

/** Parses the lines of a body; what each must be is checked with the schema afterwards. */
export function parseLines(text: string, linesMax: number): unknown[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length > linesMax) {
    throw new ForewarmError('FW_REQUEST_INVALID', `the body must not have more than ${linesMax} lines`)
  }
  return lines.map((line, index) => {
    try {
      return JSON.parse(line)
    } catch {
      throw new ForewarmError('FW_REQUEST_INVALID', `line ${index + 1} is no JSON`)
    }
  })
}

export const eventOfBody = (workspace: string, body: AccessesBody): AccessEvent => ({
  ...body,
  workspace,
  changes: [],
  forget: false,
})

/** Gathers neighbouring lines of one session and sender into one event. */
export function eventsOfLines(workspace: string, lines: readonly AccessLine[]): readonly AccessEvent[] {
  const groups: [AccessLine, ...AccessLine[]][] = []
  for (const line of lines) {
    const group = groups.at(-1)
    if (group !== undefined && follows(group, line)) group.push(line)
    else groups.push([line])
  }
  return groups.map((group) => eventOfLines(workspace, group))
}

/** Whether a line goes into the same event: the same session and sender, and the next number where they are numbered. */
const follows = (group: readonly [AccessLine, ...AccessLine[]], line: AccessLine): boolean =>
  group[0].session === line.session &&
  group[0].analyzer === line.analyzer &&
  group[0].revision === line.revision &&
  group[0].publisher === line.publisher &&
  (line.publisher === '' || line.sequence === group[0].sequence + group.length)

function eventOfLines(workspace: string, group: readonly [AccessLine, ...AccessLine[]]): AccessEvent {
  const { session, analyzer, revision, publisher, sequence } = group[0]
  const accesses = group.map(({ path, timeMs, layer, version, outcome, warmedBy }) => {
    return { path, timeMs, layer, version, outcome, warmedBy }
  })
  const shared = { workspace, session, analyzer, revision, publisher, sequence }
  return { ...shared, accesses, changes: [], sessionEnded: false, forget: false }
}
