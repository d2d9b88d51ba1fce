/** Numbers and times as people read them. */
export const count = (value: number): string => Math.round(value).toLocaleString('en')

export const times = (value: number): string => `${count(value)} ${Math.round(value) === 1 ? 'time' : 'times'}`

export const percent = (share: number | null | undefined, digits = 1): string =>
  share == null ? '–' : `${(100 * share).toFixed(digits)} %`

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log2(value) / 10))
  return `${(value / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** The time of day; of another day than that of `nowMs` the date, too. */
export function clock(ms: number, nowMs = Date.now()): string {
  const then = new Date(ms)
  const isToday = then.toDateString() === new Date(nowMs).toDateString()
  return isToday ? then.toLocaleTimeString([], { hourCycle: 'h23' }) : then.toLocaleString([], { hourCycle: 'h23' })
}

/** How long before `nowMs` it was, roughly. */
export function ago(ms: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1_000))
  if (seconds < 5) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min ago` : `at ${clock(ms, nowMs)}`
}

/** What stands in the place of something that takes the whole model, which can take seconds. */
export const READING = 'Reading the model…'
