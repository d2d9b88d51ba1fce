/**
 * How well the probability that decides a warm is calibrated, on recorded traces, strictly online and from cold:
 *
 *   node bench/calibration.ts --traces DIR [--svg FILE]
 *
 * Every candidate that was weighed counts, warmed or not: promised is the probability that it is read within the near
 * horizon, at the moment of weighing; whether it came true is known once that is over.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readTrace } from '../src/adapters/trace/trace-rows.ts'
import { Calibration, type CalibrationBin } from '../src/model/prediction/calibration.ts'
import { createPredictor, createSharedState, type LearnedPredictor } from '../src/model/prediction/learned.ts'
import type { PredictorGraph } from '../src/model/prediction/predictor.ts'
import { capacityOf, distinctFilesOf, type Trace } from '../src/model/replay/trace.ts'
import { graphsBeside, NO_GRAPHS } from './graphs.ts'

const BINS = 20
const { values } = parseArgs({ options: { traces: { type: 'string' }, svg: { type: 'string' } } })
if (values.traces === undefined) throw new Error('--traces DIR is missing: the folder of the recorded traces')
const folder = values.traces
const graphs = await graphsBeside(folder)
const names = readdirSync(folder).filter((name) => name.endsWith('.csv.gz'))

console.log('| trace | cache | weighed | read soon | error (ECE, 20 bins) | Brier | Brier of the mean |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
const drawn: { name: string; bins: CalibrationBin[] }[] = []
for (const file of names) {
  const name = file.replace('.csv.gz', '')
  const isGit = name.startsWith('git_')
  const capacity = isGit ? '5%' : '10%'
  const trace = await readTrace(join(folder, file))
  const calibration = play(trace, isGit ? NO_GRAPHS : graphs, capacityOf(capacity, distinctFilesOf(trace)))
  const bins = calibration.bins(BINS)
  const mean = bins.reduce((sum, { count, came }) => sum + count * came, 0) / calibration.examples
  const cells = [calibration.error(BINS), calibration.brier, mean * (1 - mean)].map((value) => value.toFixed(4))
  console.log(`| ${[name, capacity, calibration.examples, mean.toFixed(3), ...cells].join(' | ')} |`)
  drawn.push({ name, bins })
}
if (values.svg !== undefined) writeFileSync(values.svg, plot())

function play(trace: Trace, known: ReadonlyMap<string, PredictorGraph>, capacityFiles: number): Calibration {
  const options = { capacityFiles, latencyMs: 0, aggressiveness: 'medium' } as const
  const calibration = new Calibration()
  const shared = { ...createSharedState(options), calibration }
  const predictors = new Map<string, LearnedPredictor>()
  for (let row = 0; row < trace.file.length; row++) {
    const session = trace.sessions[trace.session[row] ?? 0]
    const path = trace.files[trace.file[row] ?? 0]?.path
    if (session === undefined || path === undefined) throw new RangeError(`row ${row} names no session or file`)
    const { workspace, id, analyzer } = session
    const predictor = predictors.get(workspace) ?? createPredictor(options, known.get(workspace), shared)
    predictors.set(workspace, predictor)
    const timeMs = trace.timeMs[row] ?? 0
    predictor.tick(timeMs)
    predictor.observe({ workspace, session: id, analyzer, path, timeMs, outcome: null })
  }
  return calibration
}

/** Promised against come true, one line a trace, on axes that open up what is unlikely (square roots). */
function plot(): string {
  const [side, left, top] = [420, 56, 24]
  const x = (value: number): string => (left + side * Math.sqrt(value)).toFixed(1)
  const y = (value: number): string => (top + side * (1 - Math.sqrt(value))).toFixed(1)
  const ticks = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1]
  const grid = ticks.map(
    (at) =>
      `<path d="M${x(at)} ${y(0)}V${y(1)}M${x(0)} ${y(at)}H${x(1)}" stroke="#ddd"/>` +
      `<text x="${x(at)}" y="${top + side + 18}" text-anchor="middle">${at}</text>` +
      `<text x="${left - 8}" y="${Number(y(at)) + 4}" text-anchor="end">${at}</text>`,
  )
  const lines = drawn.map(({ name, bins }, nth) => {
    const colour = `hsl(${Math.round((nth * 360) / drawn.length)} 65% 42%)`
    const points = bins.map(({ promised, came }) => `${x(promised)},${y(came)}`)
    const dots = points.map((point) => `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="2.5"/>`)
    const legend = `<text x="${left + side + 34}" y="${top + 14 + nth * 20}" fill="#222">${name}</text>`
    const swatch = `<circle cx="${left + side + 22}" cy="${top + 10 + nth * 20}" r="5"/>`
    return `<g fill="${colour}"><polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dots.join('')}${swatch}${legend}</g>`
  })
  const [width, height] = [left + side + 170, top + side + 52]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#222">
<title>Reliability of the deciding probability, by trace</title>
<rect width="100%" height="100%" fill="#fff"/>
${grid.join('\n')}
<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" stroke="#888" stroke-dasharray="5 4"/>
${lines.join('\n')}
<text x="${left + side / 2}" y="${height - 6}" text-anchor="middle">promised probability of a read within the near horizon</text>
<text transform="translate(13 ${top + side / 2}) rotate(-90)" text-anchor="middle">share that came true</text>
</svg>
`
}
