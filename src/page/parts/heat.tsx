import { useEffect, useState } from 'preact/hooks'
import type { Patterns } from '../../ports/patterns.ts'
import { get, pathOf } from '../gateway.ts'
import { count, READING } from '../words.ts'
import { Card } from './card.tsx'
import { Scroll } from './scroll.tsx'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)

/** The whole model is read for it, so it is asked for once in a while only, and when the first is learned. */
const EVERY_MS = 60_000

type Props = { readonly workspace: string; readonly isLearned: boolean }

export function Heat({ workspace, isLearned }: Props) {
  const [hours, setHours] = useState<readonly number[] | null>(null)
  const [lacking, setLacking] = useState(READING)
  useEffect(() => {
    const load = () =>
      get<Patterns>(`${pathOf(workspace)}/patterns?limit=1`).then(
        (patterns) => setHours(patterns.hoursOfWeek),
        (cause) => setLacking(`${cause.message}.`),
      )
    void load()
    const timer = setInterval(load, EVERY_MS)
    return () => clearInterval(timer)
  }, [workspace, isLearned])
  return (
    <Card span={6} title="Week" note="Accesses by hour of the week, UTC; older ones fade.">
      {hours === null ? <p class="empty">{lacking}</p> : <Hours hours={hours} />}
    </Card>
  )
}

function Hours({ hours }: { readonly hours: readonly number[] }) {
  const most = Math.max(1, ...hours)
  return (
    <>
      <Scroll wide name="Accesses by hour of the week">
        <table class="heat">
          <thead>
            <tr>
              <td />
              {HOURS.map((hour) => (
                <th scope="col" key={hour}>
                  <span class={hour % 3 === 0 ? '' : 'hidden'}>{hour}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {DAYS.map((day, row) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                {HOURS.map((hour) => (
                  <Cell key={hour} value={hours[row * 24 + hour] ?? 0} most={most} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="soft scale">
        none <i aria-hidden="true" /> {count(most)} an hour
      </p>
    </>
  )
}

const Cell = ({ value, most }: { readonly value: number; readonly most: number }) => (
  <td title={count(value)} style={{ '--heat': `${Math.round(100 * Math.sqrt(value / most))}%` }}>
    <span class="hidden">{count(value)}</span>
  </td>
)
