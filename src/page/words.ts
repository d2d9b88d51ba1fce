/** Numbers and times as people read them. */
export const count = (value: number): string => Math.round(value).toLocaleString('en')

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

export const clock = (ms: number): string => new Date(ms).toLocaleTimeString([], { hour12: false })
