import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { AGAIN_MS, follow, Refused, type Told } from '../gateway.ts'
import { Board } from './board.tsx'
import { Mark } from './mark.tsx'
import { Switch } from './switch.tsx'

export type WorkspaceProps = {
  readonly workspace: string
  readonly workspaces: readonly string[]
  readonly choose: (name: string) => void
  /** The token holds no longer. */
  readonly refused: () => void
  readonly children: ComponentChildren
}

/** One workspace, as it is told by the stream. */
export function Workspace({ workspace, workspaces, choose, refused, children }: WorkspaceProps) {
  const { told, line } = useStream(workspace, refused)
  useEffect(() => {
    document.title = `${workspace} · forewarm`
  }, [workspace])
  const trouble = told.trouble?.message ?? (line === 'cut' ? 'Not connected: trying again.' : null)
  return (
    <>
      <header>
        <Mark />
        <label>
          <span class="hidden">Workspace</span>
          <select value={workspace} onChange={(event) => choose(event.currentTarget.value)}>
            {workspaces.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <p role="status" class={trouble === null ? 'lamp' : 'lamp trouble'}>
          {trouble ?? (line === 'open' ? 'Live' : 'Connecting…')}
        </p>
        <Switch workspace={workspace} told={told} />
        {children}
      </header>
      <main>
        {told.status === undefined ? (
          <p class="empty">Nothing has been told of {workspace} yet.</p>
        ) : (
          <Board workspace={workspace} told={told} />
        )}
      </main>
    </>
  )
}

/** The way to the gateway: being made for the first time, there, or lost. */
type Line = 'new' | 'open' | 'cut'

function useStream(workspace: string, refused: () => void) {
  const [told, setTold] = useState<Told>({})
  const [line, setLine] = useState<Line>('new')
  useEffect(() => {
    const ending = new AbortController()
    const tell = (more: Told) => {
      setLine('open')
      setTold((known) => ({ ...known, ...more }))
    }
    const run = async () => {
      while (!ending.signal.aborted) {
        try {
          await follow(workspace, tell, ending.signal)
        } catch (cause) {
          if (cause instanceof Refused && cause.isOfToken) return refused()
        }
        setLine('cut')
        await new Promise((done) => setTimeout(done, AGAIN_MS))
      }
    }
    void run()
    return () => ending.abort()
  }, [workspace])
  return { told, line }
}
