import { useEffect, useState } from 'preact/hooks'
import type { Patterns } from '../../ports/patterns.ts'
import { get, pathOf } from '../gateway.ts'
import { count } from '../words.ts'
import { Card } from './card.tsx'

type Neighbour = { readonly path: string; readonly count: number }
type File = { readonly path: string; readonly frequency: number; readonly coAccess: readonly Neighbour[] }

const SHOWN = 12
const SIZE = { width: 640, height: 420, radius: 150 }

/** The files that are read together with one, as a graph; each of them leads on to its own. */
export function Neighbours({ workspace }: { readonly workspace: string }) {
  const [wish, setWish] = useState('')
  const [file, setFile] = useState<File | null>(null)
  const [trouble, setTrouble] = useState('')
  const show = (path: string) => {
    setWish(path)
    get<File>(`${pathOf(workspace)}/model/files?path=${encodeURIComponent(path)}`).then(
      (found) => {
        setTrouble('')
        setFile(found)
      },
      (cause) => setTrouble(String(cause.message)),
    )
  }
  useEffect(() => {
    get<Patterns>(`${pathOf(workspace)}/patterns?limit=1`).then(
      ({ correlations: [first], latest: [last] }) => {
        const path = first?.path ?? last?.paths[0]
        if (path !== undefined) show(path)
      },
      () => {},
    )
  }, [workspace])
  return (
    <Card wide title="Read together" note="The neighbourhood of a file; the thicker a line, the more often together.">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          show(wish)
        }}
      >
        <label>
          File <input value={wish} size={40} onInput={(event) => setWish(event.currentTarget.value)} />
        </label>{' '}
        <button type="submit">Show</button> <span role="status">{trouble}</span>
      </form>
      {file !== null && <Graph file={file} show={show} />}
    </Card>
  )
}

function Graph({ file, show }: { readonly file: File; readonly show: (path: string) => void }) {
  const near = [...file.coAccess].sort((one, other) => other.count - one.count).slice(0, SHOWN)
  const most = near[0]?.count ?? 1
  const [x, y] = [SIZE.width / 2, SIZE.height / 2]
  const places = near.map((one, at) => {
    const angle = (2 * Math.PI * at) / near.length - Math.PI / 2
    return { ...one, x: x + 1.35 * SIZE.radius * Math.cos(angle), y: y + SIZE.radius * Math.sin(angle) }
  })
  return (
    <>
      <svg class="graph" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} aria-hidden="true">
        {places.map((one) => (
          <line key={one.path} x1={x} y1={y} x2={one.x} y2={one.y} stroke-width={1 + (5 * one.count) / most} />
        ))}
        {places.map((one) => (
          <g key={one.path}>
            <circle cx={one.x} cy={one.y} r={8} />
            <text x={one.x} y={one.y + (one.y < y ? -14 : 24)}>
              {short(one.path)}
            </text>
          </g>
        ))}
        <circle class="middle" cx={x} cy={y} r={12} />
        <text x={x} y={y + 30} class="middle">
          {short(file.path)}
        </text>
      </svg>
      <ul class="list columns">
        {places.map((one) => (
          <li key={one.path}>
            <button type="button" class="link" onClick={() => show(one.path)}>
              {one.path}
            </button>
            <span class="soft">{count(one.count)} times together</span>
          </li>
        ))}
      </ul>
    </>
  )
}

const short = (path: string): string => (path.length > 26 ? `…${path.slice(-25)}` : path)
