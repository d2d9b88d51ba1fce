import { useEffect, useState } from 'preact/hooks'
import type { Patterns } from '../../ports/patterns.ts'
import { get, pathOf } from '../gateway.ts'
import { count } from '../words.ts'
import { Card } from './card.tsx'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)

/** The whole model is read for it, so it is asked for once in a while only. */
const EVERY_MS = 60_000

export function Heat({ workspace }: { readonly workspace: string }) {
  const [hours, setHours] = useState<readonly number[] | null>(null)
  useEffect(() => {
    const load = () =>
      get<Patterns>(`${pathOf(workspace)}/patterns?limit=1`).then(
        (patterns) => setHours(patterns.hoursOfWeek),
        () => setHours(null),
      )
    void load()
    const timer = setInterval(load, EVERY_MS)
    return () => clearInterval(timer)
  }, [workspace])
  const most = Math.max(1, ...(hours ?? []))
  return (
    <Card wide title="Week" note="Accesses by hour of the week, UTC; older ones fade.">
      {hours === null ? (
        <p class="empty">Nothing is learned yet.</p>
      ) : (
        <div class="scroll">
          <table class="heat">
            <thead>
              <tr>
                <td />
                {HOURS.map((hour) => (
                  <th scope="col" key={hour}>
                    {hour}
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
        </div>
      )}
    </Card>
  )
}

const Cell = ({ value, most }: { readonly value: number; readonly most: number }) => (
  <td title={count(value)} style={{ '--heat': `${Math.round(100 * Math.sqrt(value / most))}%` }}>
    <span class="hidden">{count(value)}</span>
  </td>
)
