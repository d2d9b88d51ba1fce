import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'

export type Line = {
  readonly label: string
  readonly colour: string
  readonly dash?: number[]
  readonly filled?: boolean
}

type PlotProps = {
  readonly timesMs: readonly number[]
  readonly values: readonly (readonly (number | null)[])[]
  readonly lines: readonly Line[]
  readonly show: (value: number) => string
  readonly max?: number
  /** The same in words, for who cannot see it. */
  readonly summary: string
}

const HEIGHT = 200

/** The shortest span of time that is shown, seconds. */
const SPAN_S = 600

/** Distances between two times on the axis, seconds. */
const STEPS_S = [60, 120, 300, 600, 1_200, 1_800, 3_600]

/** How much of a line's colour its area has, as two hexadecimal digits. */
const AREA = '1f'

/** A time series. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const theme = useTheme()
  const data = [props.timesMs.map((ms) => ms / 1_000), ...props.values.map((one) => [...one])] as uPlot.AlignedData
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

/** Another number each time that the colours of the page change. */
function useTheme(): number {
  const [theme, setTheme] = useState(0)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const change = () => setTheme((now) => now + 1)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  return theme
}

function optionsOf({ lines, show, max }: PlotProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const font = `12px ${style.fontFamily}`
  const axis = { stroke: colour('soft'), font, grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [10, 20, 0, 0],
    cursor: { y: false },
    scales: {
      x: { range: ({ data: [times] }) => rangeOf(times) },
      y: { range: (_, __, top) => [0, max ?? Math.max(1, top * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 34,
        gap: 10,
        incrs: STEPS_S,
        space: 70,
        values: (_, times) => times.map(hourOf),
        grid: { show: false },
      },
      { ...axis, size: 58, values: (_, splits) => splits.map(show) },
    ],
    series: [
      { value: (_, time) => (time == null ? '' : hourOf(time)) },
      ...lines.map((line) => seriesOf(line, colour, show)),
    ],
    hooks: { setLegend: [tellLatest] },
  }
}

const seriesOf = (
  { label, colour: name, dash, filled }: Line,
  colour: (name: string) => string,
  show: (value: number) => string,
): uPlot.Series => ({
  label,
  stroke: colour(name),
  width: 2,
  spanGaps: true,
  ...(dash === undefined ? {} : { dash }),
  ...(filled === true ? { fill: `${colour(name)}${AREA}` } : {}),
  value: (_, value) => (value == null ? '–' : show(value)),
})

/** While nobody points at a moment, the legend tells the latest one. */
function tellLatest(chart: uPlot): void {
  const latest = chart.data[0].length - 1
  if (chart.cursor.idx == null && latest >= 0) chart.setLegend({ idx: latest }, false)
}

const hourOf = (timeS: number): string =>
  new Date(timeS * 1_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false })

/** uPlot alone would show years around a single point. */
function rangeOf(times: ArrayLike<number>): [number, number] {
  const to = times[times.length - 1] ?? 0
  return [Math.min(times[0] ?? to, to - SPAN_S), to]
}
