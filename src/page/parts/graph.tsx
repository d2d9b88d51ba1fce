import { times } from '../words.ts'
import { Path } from './path.tsx'
import { Scroll } from './scroll.tsx'

export type Neighbourhood = {
  readonly path: string
  readonly frequency: number
  readonly coAccess: readonly { readonly path: string; readonly count: number }[]
}

const SHOWN = 12
const SIZE = { width: 700, height: 340 }
const MIDDLE = { x: SIZE.width / 2, y: SIZE.height / 2 }

/** Half axes of the ellipse on which the rarest neighbour lies; the most frequent one lies at this share of its width. */
const AXES = { x: 190, y: 145 }
const NEAREST = 0.5

const NAME_MAX = 26

type Props = { readonly file: Neighbourhood; readonly show: (path: string) => void }

/** The files read together with one around it, and the same as a list, which is what keyboard and screen reader use. */
export function Graph({ file, show }: Props) {
  const near = [...file.coAccess].sort((one, other) => other.count - one.count).slice(0, SHOWN)
  const most = near[0]?.count ?? 1
  const angles = anglesOf(near.length)
  const nameOf = namesApart([file, ...near].map(({ path }) => path))
  const places = near.map((one, at) => ({
    ...one,
    share: one.count / most,
    ...placeAt(angles[at] ?? 0, one.count / most),
  }))
  if (near.length === 0) return <p class="empty">Nothing is read together with {file.path} yet.</p>
  return (
    <div class="neighbourhood">
      <svg class="graph" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} aria-hidden="true">
        {places.map(({ path, share, x, y }) => (
          <line key={path} x1={MIDDLE.x} y1={MIDDLE.y} x2={x} y2={y} stroke-width={1 + 5 * share} />
        ))}
        {places.map(({ path, share, x, y }) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list below does the same by keyboard
          <g key={path} class="near" onClick={() => show(path)}>
            <title>{path}</title>
            <circle cx={x} cy={y} r={5 + 4 * share} />
            <text x={x + (x < MIDDLE.x ? -14 : 14)} y={y + 4} text-anchor={x < MIDDLE.x ? 'end' : 'start'}>
              {nameOf(path)}
            </text>
          </g>
        ))}
        <circle class="middle" cx={MIDDLE.x} cy={MIDDLE.y} r={13} />
        <text class="middle" x={MIDDLE.x} y={MIDDLE.y + 30} text-anchor="middle">
          {nameOf(file.path)}
        </text>
      </svg>
      <Scroll name={`Read together with ${file.path}`}>
        <ul class="list">
          {places.map((one) => (
            <li key={one.path} class="edge-cold">
              <button type="button" class="link" onClick={() => show(one.path)}>
                <Path path={one.path} />
              </button>
              <span class="soft">{times(one.count)}</span>
            </li>
          ))}
        </ul>
      </Scroll>
    </div>
  )
}

/** Round the middle, half a step off the vertical; the flattest first, along which one can see best what is nearer. */
function anglesOf(count: number): readonly number[] {
  const angles = Array.from({ length: count }, (_, at) => (2 * Math.PI * (at + 0.5)) / count - Math.PI / 2)
  return angles.sort((one, other) => Math.abs(Math.sin(one)) - Math.abs(Math.sin(other)))
}

/** Nearer in width alone: each keeps its height, so that names stand beside and not over one another. */
function placeAt(angle: number, share: number): { readonly x: number; readonly y: number } {
  const far = 1 - (1 - NEAREST) * share
  return { x: MIDDLE.x + far * AXES.x * Math.cos(angle), y: MIDDLE.y + AXES.y * Math.sin(angle) }
}

/** Names for files shown beside one another: those that bear the same one are told with the folder they are in. */
function namesApart(paths: readonly string[]): (path: string) => string {
  const names = paths.map((path) => endOf(path, 1))
  return (path) => {
    const isAlone = names.filter((name) => name === endOf(path, 1)).length < 2
    const name = endOf(path, isAlone ? 1 : 2)
    return name.length > NAME_MAX ? `…${name.slice(1 - NAME_MAX)}` : name
  }
}

const endOf = (path: string, parts: number): string => path.split('/').slice(-parts).join('/')
