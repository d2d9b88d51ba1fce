/** A small workspace with settings for it, and what an analyzer and an operator say to its gateway. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'

export const files = ['main.ts', 'parse.ts', 'print.ts', 'walk.ts', 'types.ts', 'util.ts', 'lexer.ts', 'emit.ts']

/** A workspace of a few files in a folder of its own, with settings for it: the given ones beside its own. */
export function makeSite(more: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'forewarm-up-'))
  mkdirSync(join(folder, 'web'))
  for (const name of files) writeFileSync(join(folder, 'web', name), `export const name = '${name}'\n`)
  const settings = {
    workspaces: { web: { origin: { directory: 'web' } } },
    gateway: { port: 0 },
    ...more,
    predict: { predictor: 'models', aggressiveness: 'high' },
  }
  writeFileSync(join(folder, 'settings.yaml'), JSON.stringify(settings))
  return folder
}

/** Reads 20 s apart, the last of them `agoMs` ago: what comes next can still be warmed in time. */
const STEP_MS = 20_000

/** A gateway that serves all, by its address, or one that asks for a token. */
export type Door = string | { readonly url: string; readonly token: string }

/** What the door's gateway answers for the workspace. */
export function ask(door: Door, path: string, body?: object): Promise<Response> {
  const { url, token } = typeof door === 'string' ? { url: door, token: null } : door
  const bearer = token === null ? {} : { authorization: `Bearer ${token}` }
  const sent = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer },
    body: JSON.stringify(body),
  }
  return fetch(`${url}/v1/workspaces/web${path}`, body === undefined ? { headers: bearer } : sent)
}

export async function publish(door: Door, session: string, paths: readonly string[], agoMs: number) {
  const lastMs = Date.now() - agoMs
  const timeMs = (index: number) => lastMs - (paths.length - 1 - index) * STEP_MS
  const response = await ask(door, '/accesses', {
    session,
    analyzer: 'tsc',
    publisher: `p-${session}`,
    sequence: 0,
    sessionEnded: agoMs > 0,
    accesses: paths.map((path, index) => ({ path, timeMs: timeMs(index) })),
  })
  expect(response.status).toBe(202)
}

type Answer = {
  readonly frequency: number
  readonly cache: { readonly unreadWarms: number }
  readonly commands: readonly { readonly files: readonly { readonly path: string }[] }[]
}

export const get = async (door: Door, path: string): Promise<Answer> =>
  (await ask(door, path)).json() as Promise<Answer>

export async function lookup(url: string, name: string, folder: string) {
  const version = execFileSync('git', ['hash-object', join(folder, 'web', name)], { encoding: 'utf8' }).trim()
  const response = await fetch(`${url}/v1/workspaces/web/cache?path=${name}&version=${version}`)
  return { outcome: response.headers.get('x-forewarm-outcome'), text: await response.text() }
}
