/** The page's way to the gateway: requests with the token that was entered, and the stream of events. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { WorkspaceStatus } from '../ports/gateway.ts'
import type { LiveView } from '../ports/live.ts'
import type { RunSummary } from '../ports/runs.ts'

const TOKEN = 'forewarm.token'

/** What the stream has told so far. */
export type Told = {
  readonly status?: WorkspaceStatus
  readonly runs?: readonly RunSummary[]
  readonly live?: LiveView
  readonly trouble?: { readonly message: string } | null
}

export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The token lives as long as the tab. */
export const keepToken = (token: string): void => sessionStorage.setItem(TOKEN, token)

function headers(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN)
  return token === null ? {} : { authorization: `Bearer ${token}` }
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

/** Tells of every event until the signal is aborted; ends, or rejects, when the connection does. */
export async function follow(workspace: string, tell: (told: Told) => void, signal: AbortSignal): Promise<void> {
  const { body } = await request(`${pathOf(workspace)}/live`, { signal })
  if (body === null) return
  const events = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
  const reader = events.pipeThrough(new EventSourceParserStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    if (value.event !== undefined) tell({ [value.event]: JSON.parse(value.data) })
  }
}
