import { count } from '../words.ts'

/** What a part of a whole means: green came of warming, blue would have been there anyway, red is a loss. */
export type Tone = 'good' | 'ready' | 'cold' | 'late' | 'bad' | 'none'
export type Part = { readonly name: string; readonly value: number; readonly tone: Tone }

/** The parts of a whole beside one another; what is left of `total` stays empty. */
export function Bar({ parts, total }: { readonly parts: readonly Part[]; readonly total: number }) {
  const rest = total - parts.reduce((sum, { value }) => sum + value, 0)
  return (
    <div class="bar" aria-hidden="true">
      {parts.map(({ name, value, tone }) => (
        <span key={name} class={`tone-${tone}`} style={{ flexGrow: value }} />
      ))}
      {rest > 0 && <span style={{ flexGrow: rest }} />}
    </div>
  )
}

/** The same in words, each with its colour. */
export const Keys = ({ parts }: { readonly parts: readonly Part[] }) => (
  <ul class="keys">
    {parts
      .filter(({ value }) => value > 0)
      .map(({ name, value, tone }) => (
        <li key={name}>
          <i class={`tone-${tone}`} aria-hidden="true" />
          <b>{count(value)}</b> {name}
        </li>
      ))}
  </ul>
)
