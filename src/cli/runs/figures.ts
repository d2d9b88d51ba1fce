/** Numbers as people read them. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export const count = (number: number): string => number.toLocaleString('en-US')

/** So many of what is named in the singular: `1 read`, `2 reads`. */
export const counted = (number: number, one: string): string => `${count(number)} ${one}${number === 1 ? '' : 's'}`

export function bytes(amount: number): string {
  let value = amount
  let unit = 0
  while (value >= 1_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(value < 100 ? 1 : 0)} ${BYTE_UNITS[unit]}`
}

export function seconds(timeMs: number): string {
  if (timeMs < 10_000) return `${(timeMs / 1_000).toFixed(1)} s`
  const whole = Math.round(timeMs / 1_000)
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
])

/** A time with its unit, e.g. `60s`, `5m` or `1.5h`, in milliseconds; null when the text is none. */
export function durationMs(text: string): number | null {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text) ?? []
  const factor = UNITS_MS.get(unit)
  return factor === undefined ? null : Math.round(Number(number) * factor)
}
