import type { Told } from '../gateway.ts'
import { bytes, count, duration, percent } from '../words.ts'
import { Card } from './card.tsx'

type Figure = { readonly name: string; readonly value: string; readonly note: string; readonly isBad?: boolean }

/** How well it predicts, in a few numbers. */
export function Figures({ told }: { readonly told: Told }) {
  return (
    <Card span={4} title="Prediction">
      <dl class="figures">
        {figuresOf(told).map(({ name, value, note, isBad }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class={isBad === true ? 'trouble' : ''}>{value}</dd>
            <dd class="soft">{note}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function figuresOf({ status, live }: Told): readonly Figure[] {
  const learned = status?.learned
  const { accuracy, timeliness, recent, wasted = 0, wastedBytes = 0 } = learned?.proof ?? {}
  const isLow = status?.accuracy.isLow === true
  const target = `${isLow ? 'below the ' : ''}target of ${percent(status?.accuracy.target, 0)}`
  return [
    {
      name: 'Accuracy',
      // What is judged: the first warms of a new workspace are guesses, and would be told for ever.
      value: percent(recent?.accuracy ?? accuracy),
      note: recent == null ? `of warms that settled; ${target}` : `of late, ${percent(accuracy)} in all; ${target}`,
      isBad: isLow,
    },
    { name: 'In time', value: percent(timeliness), note: 'of the warms that were read' },
    {
      name: 'Access to cache',
      value: live?.latency == null ? '–' : duration(live.latency.p50Ms),
      note: 'median, from the read that told of it',
    },
    {
      name: 'Wasted',
      value: bytes(wastedBytes),
      note: `${count(wasted)} ${wasted === 1 ? 'warm' : 'warms'} that nobody read`,
    },
    {
      name: 'Learned',
      value: count(learned?.accesses ?? 0),
      note: `accesses of ${count(learned?.files ?? 0)} files`,
    },
  ]
}
