import { useEffect, useState } from 'preact/hooks'
import { follow, get, keepToken, Refused, type Told } from './gateway.ts'
import { Board } from './parts/board.tsx'

const AGAIN_MS = 2_000

export function App() {
  const [workspaces, setWorkspaces] = useState<readonly string[] | null>(null)
  const [chosen, setChosen] = useState(() => decodeURIComponent(location.hash.slice(1)))
  const [refused, setRefused] = useState<string | null>(null)
  const [tries, setTries] = useState(0)
  useEffect(() => {
    get<{ workspaces: readonly string[] }>('v1/workspaces').then(
      (answer) => {
        setRefused(null)
        setWorkspaces(answer.workspaces)
      },
      (cause) => {
        setRefused(String(cause.message))
        if (!(cause instanceof Refused)) setTimeout(() => setTries((now) => now + 1), AGAIN_MS)
      },
    )
  }, [tries])
  if (refused !== null) return <Login why={refused} again={() => setTries((now) => now + 1)} />
  if (workspaces === null) return <p class="empty">Connecting…</p>
  const workspace = workspaces.includes(chosen) ? chosen : workspaces[0]
  const choose = (name: string) => {
    location.hash = encodeURIComponent(name)
    setChosen(name)
  }
  return (
    <>
      <header>
        <h1>forewarm</h1>
        <label>
          Workspace{' '}
          <select value={workspace} onChange={(event) => choose(event.currentTarget.value)}>
            {workspaces.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </header>
      {workspace === undefined ? (
        <p class="empty">No workspace has been read yet. Publish accesses, or name a workspace in the settings.</p>
      ) : (
        <Followed key={workspace} workspace={workspace} />
      )}
    </>
  )
}

function Followed({ workspace }: { readonly workspace: string }) {
  const [told, setTold] = useState<Told>({})
  const [isConnected, setConnected] = useState(false)
  useEffect(() => {
    const ending = new AbortController()
    const tell = (more: Told) => {
      setConnected(true)
      setTold((known) => ({ ...known, ...more }))
    }
    const run = async () => {
      while (!ending.signal.aborted) {
        await follow(workspace, tell, ending.signal).catch(() => {})
        setConnected(false)
        await new Promise((done) => setTimeout(done, AGAIN_MS))
      }
    }
    void run()
    return () => ending.abort()
  }, [workspace])
  const trouble = told.trouble?.message ?? (isConnected ? null : 'Not connected: trying again.')
  return (
    <main>
      <p role="status" class={trouble === null ? 'connection' : 'connection trouble'}>
        {trouble ?? 'Live'}
      </p>
      <Board workspace={workspace} told={told} />
    </main>
  )
}

function Login({ why, again }: { readonly why: string; readonly again: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    keepToken(String(new FormData(event.target as HTMLFormElement).get('token')))
    again()
  }
  return (
    <main class="login">
      <h1>forewarm</h1>
      <p role="alert">{why}</p>
      <form onSubmit={submit}>
        <label>
          Bearer token <input name="token" type="password" autocomplete="off" required />
        </label>
        <button type="submit">Show</button>
      </form>
      <p class="soft">It is kept in this tab alone.</p>
    </main>
  )
}
