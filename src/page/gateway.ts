/** The page's way to the gateway: requests with the token that was entered, and the stream of events. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { WorkspaceStatus } from '../ports/gateway.ts'
import type { LiveView } from '../ports/live.ts'
import type { RunSummary } from '../ports/runs.ts'

const TOKEN = 'forewarm.token'

/** What cannot be reached is asked again after this. */
export const AGAIN_MS = 2_000

/**
 * The gateway says at least every 10 s that it has nothing new; a stream that is silent for so long has nobody behind
 * it.
 */
const SILENT_MS = 30_000

/** What the stream has told so far. */
export type Told = {
  readonly status?: WorkspaceStatus
  readonly runs?: readonly RunSummary[]
  readonly live?: LiveView
  readonly trouble?: { readonly message: string } | null
}

/** An answer of the gateway that is none to what was asked. */
export class Refused extends Error {
  /** Whether another token might be let in. */
  readonly isOfToken: boolean
  constructor(status: number, message: string) {
    super(message)
    this.isOfToken = status === 401 || status === 403
  }
}

/** The token lives as long as the tab. */
export const keepToken = (token: string): void => sessionStorage.setItem(TOKEN, token)
export const forgetToken = (): void => sessionStorage.removeItem(TOKEN)
export const isKept = (): boolean => sessionStorage.getItem(TOKEN) !== null

function headers(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN)
  if (token === null) return {}
  // What no header can carry would fail as if the gateway were away.
  if (!/^[!-~]+$/.test(token)) throw new Refused(401, 'a token has no blanks, and none but plain letters and signs')
  return { authorization: `Bearer ${token}` }
}

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { ...headers(), ...init.headers } })
  if (response.ok) return response
  const body = await response.json().catch(() => ({}))
  throw new Refused(response.status, typeof body.message === 'string' ? body.message : response.statusText)
}

export const get = async <Answer>(path: string): Promise<Answer> => (await request(path)).json()

export const post = async (path: string): Promise<void> => {
  await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requestedBy: 'live page' }),
  })
}

export const pathOf = (workspace: string): string => `v1/workspaces/${encodeURIComponent(workspace)}`

/** Tells of every event until the signal is aborted; ends, or rejects, when the connection does or falls silent. */
export async function follow(workspace: string, tell: (told: Told) => void, signal: AbortSignal): Promise<void> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENT_MS)
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), SILENT_MS)
  }
  try {
    await read(workspace, { tell, heard, signal: AbortSignal.any([signal, silence.signal]) })
  } finally {
    clearTimeout(timer)
  }
}

type Reading = {
  readonly tell: (told: Told) => void
  /** Called for whatever comes, also that there is nothing new. */
  readonly heard: () => void
  readonly signal: AbortSignal
}

async function read(workspace: string, { tell, heard, signal }: Reading): Promise<void> {
  const { body } = await request(`${pathOf(workspace)}/live`, { signal })
  if (body === null) return
  const listen = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      heard()
      controller.enqueue(bytes)
    },
  })
  const events = body
    .pipeThrough(listen as unknown as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
  const reader = events.pipeThrough(new EventSourceParserStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    if (value.event !== undefined) tell({ [value.event]: JSON.parse(value.data) })
  }
}
