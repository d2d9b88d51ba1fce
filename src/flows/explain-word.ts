/** What somebody means who asks about a word: an open session, or a file. Reads only. */
import type { ObservedSession } from '../model/candidates/candidate.ts'
import type { GateOptions } from '../model/candidates/gate.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import type { OutlookFile, SessionOutlook } from '../ports/outlook.ts'
import { type ExplainDeps, type Explanation, explainFile } from './explain.ts'
import { nearestPaths } from './nearest-paths.ts'
import { type FollowLogDeps, followLog } from './predict/follow-log.ts'
import { explainSession, type OutlookDeps } from './predict/outlook.ts'

export type ExplainWordDeps = Omit<ExplainDeps, 'models'> &
  Omit<FollowLogDeps, 'sessions' | 'source'> &
  OutlookDeps & {
    readonly source: FollowLogDeps['source']
    /** Resolves once the source knows the imports of the workspaces that it follows. */
    readonly graphed: () => Promise<void>
    readonly models: Pick<ModelReader, 'file' | 'files' | 'closedSessions'>
    readonly openSessions: FollowLogDeps['sessions']
    /** Lowest probability that is warmed, of predictors that do not say themselves. */
    readonly cutOff: GateOptions['cutOff']
  }

/** A file at the moment of an open session; `file` is null when nothing names it there now. */
export type InSession = Pick<SessionOutlook, 'session' | 'analyzer' | 'reads' | 'threshold' | 'paused'> & {
  readonly hasRead: boolean
  readonly file: OutlookFile | null
}

export type WordExplanation =
  | ({ readonly kind: 'session' } & SessionOutlook)
  | ({ readonly kind: 'file'; readonly sessions: readonly InSession[] } & Explanation)

/** Open sessions that a file is looked for in, the latest. */
const SESSIONS_MAX = 20
const NAMED_MAX = 10

/** Throws FW_NOT_KNOWN for a word that is neither an open session nor a file of which anything is known. */
export async function explainWord(
  deps: ExplainWordDeps,
  { workspace, word }: { readonly workspace: string; readonly word: string },
  signal: AbortSignal,
): Promise<WordExplanation> {
  const open = (await followLog({ ...deps, sessions: deps.openSessions }, workspace)).toReversed()
  await deps.graphed()
  const session = open.find((one) => one.session === word)
  const outlook = session === undefined ? null : await explainSession(deps, session, deps.cutOff)
  if (outlook !== null) return { kind: 'session', ...outlook.outlook }
  const explanation = await explainFile(deps, { workspace, path: word }, signal)
  if (!isKnown(explanation)) throw await unknownWord(deps, { workspace, word }, open)
  return { kind: 'file', ...explanation, sessions: await inSessions(deps, word, open) }
}

async function inSessions(
  deps: ExplainWordDeps,
  path: string,
  open: readonly ObservedSession[],
): Promise<readonly InSession[]> {
  const found = await Promise.all(
    open.slice(0, SESSIONS_MAX).map(async (one) => {
      const explained = await explainSession(deps, one, deps.cutOff)
      if (explained === null) return null
      const { session, analyzer, reads, threshold, paused, files } = explained.outlook
      const file = files.find((candidate) => candidate.path === path) ?? null
      return { session, analyzer, reads, threshold, paused, hasRead: one.hasRead(path), file }
    }),
  )
  return found.filter((one) => one !== null)
}

/** Whether anything at all is known by this path. */
const isKnown = ({ learned, origin, pointer, runs, commands }: Explanation): boolean =>
  learned !== null ||
  (origin.state !== 'missing' && origin.state !== 'noWorkspace') ||
  pointer !== null ||
  runs.length > 0 ||
  commands.length > 0

async function unknownWord(
  { models }: ExplainWordDeps,
  { workspace, word }: { readonly workspace: string; readonly word: string },
  open: readonly ObservedSession[],
): Promise<ForewarmError> {
  const sessions = open.slice(0, NAMED_MAX).map(({ session }) => session)
  const rest = open.length - sessions.length
  const openNow =
    sessions.length === 0
      ? 'no session is open'
      : `open are ${sessions.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
  const closed = await models.closedSessions(workspace, Number.MAX_SAFE_INTEGER)
  if (closed.some(({ session }) => session === word)) {
    return new ForewarmError('FW_NOT_KNOWN', `the session ${word} has ended; ${openNow}`)
  }
  const near = await nearestPaths(models, workspace, word)
  const files = near.length === 0 ? 'no file has a name like it' : `files with names like it are ${near.join(', ')}`
  const what = `${word} is neither an open session of ${workspace} nor a file of which anything is known`
  return new ForewarmError('FW_NOT_KNOWN', `${what}: ${openNow}; ${files}`)
}
