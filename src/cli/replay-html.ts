import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ReplayReport } from '../model/replay/report.ts'
import { PAGE_SCRIPT, PAGE_STYLE } from './replay-page.ts'

export type PageOptions = {
  readonly predictor: string
  readonly aggressiveness: string
  readonly report: ReplayReport
}

/** One page that needs nothing else: the course of the hit ratio, what was promised and kept, and the figures. */
export function reportHtml(title: string, { report, predictor, aggressiveness }: PageOptions): string {
  const { course, reliability, reads } = report
  const data = { course, reads, reliability: reliability.filter(({ warms }) => warms > 0) }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${escapeHtml(title)}</title>
<style>${asset('uPlot.min.css')}${PAGE_STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1>
<p>${count(reads)} reads of ${count(report.distinctFiles)} files by a cache of ${count(report.capacityFiles)} files.
Predictor ${escapeHtml(predictor)}, aggressiveness ${escapeHtml(aggressiveness)}; a warm takes ${report.latencyMs} ms.</p>
${tiles(report)}
<h2>Hit ratio over the trace</h2>
<p>Each point is the mean over ${count(Math.ceil(reads / Math.max(1, course.lru.length)))} reads. Belady's bound is the best that a cache which fills on demand could do, knowing the future; warming may pass it.</p>
<div class="plot" id="course"></div>
<h2>Promised and kept</h2>
<p>The warms by the probability that they were issued with, and the share of them that was read before it left. The probability is that of a read before it leaves.</p>
<div class="plot" id="reliability"></div>
<h2>By reason</h2>
${reasonTable(report)}
<h2>All figures</h2>
${figureTable(report)}
</main><script>${asset('uPlot.iife.min.js')}</script>
<script>const report = ${JSON.stringify(data).replaceAll('<', '\\u003c')};${PAGE_SCRIPT}</script>
</body></html>
`
}

function asset(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8')
}

function tiles(report: ReplayReport): string {
  const shown: readonly [string, string][] = [
    ['LRU', ratio(report.baselineHit)],
    ['with warming', ratio(report.hit)],
    ["Belady's bound", ratio(report.beladyHit)],
    ['misses removed', `${(100 * report.missReduction).toFixed(1)} %`],
    ['precision', ratio(report.precision)],
    ['inserted a read', report.perRead.toFixed(2)],
  ]
  const cells = shown.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return `<dl class="tiles">${cells.join('')}</dl>`
}

function reasonTable({ reasons }: ReplayReport): string {
  if (reasons.length === 0) return '<p>Nothing was warmed.</p>'
  const most = Math.max(1, ...reasons.map(({ inserted }) => inserted))
  const rows = reasons.map(({ reason, warms, inserted, used, precision }) => {
    const [kept, lost] = [used, inserted - used].map((part) => ((100 * part) / most).toFixed(1))
    const bar = `<span class="bar"><i class="kept" style="width:${kept}%"></i><i class="lost" style="width:${lost}%"></i></span>`
    const cells = [warms, inserted, used, inserted - used].map((value) => `<td>${count(value)}</td>`).join('')
    return `<tr><th scope="row">${escapeHtml(reason)}</th>${cells}<td>${ratio(precision)}</td><td class="wide">${bar}</td></tr>`
  })
  return table(['reason', 'issued', 'inserted', 'read', 'wasted', 'precision', 'read and wasted'], rows)
}

function figureTable(report: ReplayReport): string {
  const { ownPolicy, settled, next20 } = report
  const rows: [string, string][] = [
    ['hit ratio of LRU', ratio(report.baselineHit)],
    ['hit ratio with warming', ratio(report.hit)],
    ["hit ratio of Belady's bound, without warming", ratio(report.beladyHit)],
    ['warms issued', count(report.warms)],
    ['precision: warms read before they left, of those inserted', ratio(report.precision)],
    ['warms that were wasted', count(report.wasted)],
    ['warms that came too late', count(report.late)],
    ['warms inserted a read', report.perRead.toFixed(4)],
    ['entries renewed a read', report.touchesPerRead.toFixed(4)],
    ["hit ratio without warming under the product's own policy", ratio(ownPolicy.baselineHit)],
    ["hit ratio with warming under the product's own policy", ratio(ownPolicy.hit)],
    ["warms refused under the product's own policy: the cache is full of live entries", count(ownPolicy.refused)],
    ["accuracy by the model's own settlement", ratio(settled.accuracy)],
  ]
  if (next20 !== undefined) {
    rows.push(['next 20 files: P@10', ratio(next20.precisionAt10)], ['next 20 files: R@20', ratio(next20.recallAt20)])
  }
  return table(
    ['figure', 'value'],
    rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`),
  )
}

function table(head: readonly string[], rows: readonly string[]): string {
  const cells = head.map((name) => `<th scope="col">${name}</th>`).join('')
  return `<div class="scroll"><table><thead><tr>${cells}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

const ratio = (value: number | null): string => (value === null ? 'none' : value.toFixed(3))

const count = (value: number): string => value.toLocaleString('en')

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
