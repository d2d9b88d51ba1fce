import { useEffect, useState } from 'preact/hooks'
import { AGAIN_MS, forgetToken, get, isKept, keepToken, Refused } from './gateway.ts'
import { Mark } from './parts/mark.tsx'
import { Workspace } from './parts/workspace.tsx'

/** Whether the gateway lets us look: it asks for a token, does not answer now, or has told the workspaces. */
type Door =
  | { readonly is: 'asked' }
  | { readonly is: 'shut'; readonly why: string }
  | { readonly is: 'away'; readonly why: string }
  | { readonly is: 'open'; readonly workspaces: readonly string[] }

/** Workspaces that came later are shown after this; the first one at once. */
const LIST_MS = 20_000

export function App() {
  const { door, again } = useDoor()
  switch (door.is) {
    case 'asked':
      return <Alone>Connecting…</Alone>
    case 'away':
      return <Alone>The gateway does not answer ({door.why}). Trying again.</Alone>
    case 'shut':
      return <Login why={door.why} again={again} />
    case 'open':
      return <Chosen workspaces={door.workspaces} again={again} />
  }
}

/** The list of workspaces, asked for again for as long as the page is open: workspaces come when somebody reads them. */
function useDoor() {
  const [door, setDoor] = useState<Door>({ is: 'asked' })
  const [tries, setTries] = useState(0)
  const again = () => setTries((now) => now + 1)
  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const found = (next: Door, afterMs: number) => {
      if (isOver) return
      // A list that is known outlasts a gateway that is away: whether it is, the stream tells.
      setDoor((known) => (next.is === 'away' && known.is === 'open' ? known : next))
      if (next.is !== 'shut') timer = setTimeout(again, afterMs)
    }
    get<{ workspaces: readonly string[] }>('v1/workspaces').then(
      ({ workspaces }) => found({ is: 'open', workspaces }, workspaces.length === 0 ? AGAIN_MS : LIST_MS),
      (cause) => {
        const isRefused = cause instanceof Refused && cause.isOfToken
        found({ is: isRefused ? 'shut' : 'away', why: String(cause.message) }, AGAIN_MS)
      },
    )
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [tries])
  return { door, again }
}

/** The workspace that the address names; what nobody could have written there names none. */
function named(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return ''
  }
}

/** One sentence in the place of the whole page. */
const Alone = ({ children }: { readonly children: preact.ComponentChildren }) => (
  <main class="alone">
    <Mark />
    <p role="status">{children}</p>
  </main>
)

function Chosen({ workspaces, again }: { readonly workspaces: readonly string[]; readonly again: () => void }) {
  const [chosen, setChosen] = useState(named)
  useEffect(() => {
    const follow = () => setChosen(named())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  const workspace = workspaces.includes(chosen) ? chosen : workspaces[0]
  if (workspace === undefined) {
    return <Alone>No workspace has been read yet. Publish accesses, or name a workspace in the settings.</Alone>
  }
  const choose = (name: string) => {
    location.hash = encodeURIComponent(name)
    setChosen(name)
  }
  const leave = () => {
    forgetToken()
    again()
  }
  return (
    <Workspace key={workspace} {...{ workspace, workspaces, choose, refused: again }}>
      {isKept() && (
        <button type="button" class="quiet" onClick={leave}>
          Sign out
        </button>
      )}
    </Workspace>
  )
}

function Login({ why, again }: { readonly why: string; readonly again: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    keepToken(String(new FormData(event.target as HTMLFormElement).get('token')).trim())
    again()
  }
  return (
    <main class="alone">
      <Mark />
      <p>This gateway serves those who have a token with the verb read.</p>
      <form onSubmit={submit}>
        <label>
          Bearer token
          <input name="token" type="password" autocomplete="off" required />
        </label>
        <button type="submit" class="main">
          Show
        </button>
      </form>
      {isKept() && (
        <p role="alert" class="trouble">
          Refused: {why}.
        </p>
      )}
      <p class="soft">It is kept in this tab alone, until the tab is closed.</p>
    </main>
  )
}
