import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'

export type Line = { readonly label: string; readonly colour: string; readonly dash?: number[] }

const HEIGHT = 220

/** The shortest span of time that is shown, seconds. */
const SPAN_S = 600

/** A time series; `summary` says the same in words to who cannot see it. */
export function Plot(props: {
  readonly timesMs: readonly number[]
  readonly values: readonly (readonly (number | null)[])[]
  readonly lines: readonly Line[]
  readonly show: (value: number) => string
  readonly max?: number
  readonly summary: string
}) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const [theme, setTheme] = useState(0)
  const data = [props.timesMs.map((ms) => ms / 1_000), ...props.values.map((one) => [...one])] as uPlot.AlignedData
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const change = () => setTheme((now) => now + 1)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  useEffect(() => {
    const element = place.current
    if (element === null) return
    chart.current = new uPlot(optionsOf(props, element), data, element)
    const resized = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      chart.current?.destroy()
    }
  }, [theme])
  useEffect(() => chart.current?.setData(data), [JSON.stringify(data)])
  return <div ref={place} class="plot" role="img" aria-label={props.summary} />
}

function optionsOf(
  { lines, show, max }: { readonly lines: readonly Line[]; show(value: number): string; readonly max?: number },
  element: HTMLElement,
): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  const words = (_: uPlot, splits: number[]) => splits.map(show)
  return {
    width: element.clientWidth,
    height: HEIGHT,
    scales: {
      x: { range: ({ data: [times] }) => rangeOf(times) },
      y: { range: (_, __, top) => [0, max ?? Math.max(1, top * 1.1)] },
    },
    axes: [axis, { ...axis, size: 62, values: words }],
    series: [
      {},
      ...lines.map(({ label, colour: name, dash }) => ({
        label,
        stroke: colour(name),
        width: 2,
        spanGaps: true,
        ...(dash === undefined ? {} : { dash }),
        value: (_: uPlot, value: number | null) => (value == null ? '–' : show(value)),
      })),
    ],
  }
}

/** uPlot alone would show years around a single point. */
function rangeOf(times: ArrayLike<number>): [number, number] {
  const to = times[times.length - 1] ?? 0
  return [Math.min(times[0] ?? to, to - SPAN_S), to]
}
