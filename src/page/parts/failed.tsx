import { useState } from 'preact/hooks'
import type { RunFiles } from '../../ports/gateway.ts'
import type { RunFile } from '../../ports/runs.ts'
import { get } from '../gateway.ts'
import { count } from '../words.ts'
import { isNotWarmed } from './outcomes.ts'
import { Path } from './path.tsx'
import { Scroll } from './scroll.tsx'

/** Files of the plan that are asked for at once, and those that are shown before somebody asks for more. */
const PAGE = 1_000
const SHOWN = 100

type Found = { readonly files: readonly RunFile[]; readonly next: number | null }

/** Goes through the plan of a run until enough of it was not warmed. */
async function find(path: string, from: number): Promise<Found> {
  const files: RunFile[] = []
  let next: number | null = from
  while (next !== null && files.length < SHOWN) {
    const page: RunFiles = await get(`${path}?from=${next}&max=${PAGE}`)
    files.push(...page.files.filter(({ outcome }) => isNotWarmed(outcome)))
    next = page.next
  }
  return { files, next }
}

/** The files of a run that were not warmed, with why, once somebody opens it. */
export function Failed({ path, files }: { readonly path: string; readonly files: number }) {
  const [found, setFound] = useState<Found>({ files: [], next: 0 })
  const [trouble, setTrouble] = useState('')
  const load = ({ files: known, next }: Found) =>
    find(path, next ?? 0).then(
      (more) => {
        setTrouble('')
        setFound({ files: [...known, ...more.files], next: more.next })
      },
      (cause) => setTrouble(`Not to be had: ${cause.message}.`),
    )
  return (
    <details onToggle={(event) => event.currentTarget.open && load({ files: [], next: 0 })}>
      <summary>{files === 1 ? '1 file was' : `${count(files)} files were`} not warmed</summary>
      <Scroll name="Files that were not warmed">
        <ul class="list">
          {found.files.map((file) => (
            <li key={`${file.path} ${file.layer}`} class="edge-bad">
              <Path path={file.path} />
              <span class="soft">
                {file.outcome} {file.detail} · wanted by {file.reason}
              </span>
            </li>
          ))}
        </ul>
      </Scroll>
      {found.next !== null && found.files.length > 0 && (
        <button type="button" onClick={() => load(found)}>
          Show more
        </button>
      )}
      <p role="status" class="answer">
        {trouble}
      </p>
    </details>
  )
}
