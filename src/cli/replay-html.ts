import type { ReplayReport } from '../model/replay/report.ts'

const WIDTH = 880
const HEIGHT = 320
const LEFT = 48
const TOP = 16
const LINES = [
  { key: 'lru', name: 'LRU', colour: '#8a8f98', dash: '5 4' },
  { key: 'warming', name: 'warming', colour: '#0b6e4f', dash: '' },
  { key: 'belady', name: 'Belady (no warming)', colour: '#b35c00', dash: '2 3' },
] as const

/** One self-contained page: the course of the hit ratio, reliability, and the figures. */
export function reportHtml(title: string, report: ReplayReport): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:920px;margin:2rem auto;padding:0 1rem;color:#1c1f23;background:#fff}
h1{font-size:1.3rem}h2{font-size:1rem;margin-top:2rem}svg{width:100%;height:auto}text{font-size:12px;fill:#4a4f57}
table{border-collapse:collapse}td,th{padding:.15rem .9rem .15rem 0;text-align:right}td:first-child,th:first-child{text-align:left}
p{max-width:44rem}
</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${report.reads} reads of ${report.distinctFiles} files; a cache of ${report.capacityFiles} files; warms arrive after ${report.latencyMs} ms.
Warming removed ${(100 * report.missReduction).toFixed(1)} % of the misses of LRU.</p>
<h2>Hit ratio over the course of the trace</h2>
${coursePlot(report)}
<h2>Promised and kept: probability against the share of warms read before they left</h2>
${reliabilityPlot(report)}
<h2>Figures</h2>
${figureTable(report)}
<h2>By reason</h2>
${reasonTable(report)}
</body></html>
`
}

function coursePlot(report: ReplayReport): string {
  const lines = LINES.map(({ key, colour, dash }) => {
    const values = report.course[key]
    const points = values.map((value, nth) => `${x((nth + 0.5) / values.length)},${y(value)}`).join(' ')
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}" points="${points}"/>`
  })
  const legend = LINES.map(({ name, colour, dash }, nth) => {
    const at = LEFT + 8 + nth * 170
    return `<line x1="${at}" x2="${at + 28}" y1="${HEIGHT + 30}" y2="${HEIGHT + 30}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/><text x="${at + 34}" y="${HEIGHT + 34}">${name}</text>`
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 44}" role="img" aria-label="hit ratios">${grid()}${lines.join('')}${legend.join('')}</svg>`
}

function reliabilityPlot(report: ReplayReport): string {
  const most = Math.max(1, ...report.reliability.map(({ warms }) => warms))
  const dots = report.reliability
    .filter(({ warms }) => warms > 0)
    .map(({ warms, promised, used }) => {
      const radius = (3 + 11 * Math.sqrt(warms / most)).toFixed(1)
      return `<circle cx="${x(promised)}" cy="${y(used)}" r="${radius}" fill="#0b6e4f" fill-opacity=".65"><title>${warms} warms</title></circle>`
    })
  const diagonal = `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="#b35c00" stroke-dasharray="4 4"/>`
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 24}" role="img" aria-label="reliability">${grid()}${diagonal}${dots.join('')}<text x="${WIDTH - 170}" y="${HEIGHT + 18}">promised probability</text></svg>`
}

function grid(): string {
  return [0, 0.25, 0.5, 0.75, 1]
    .map(
      (value) =>
        `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}" stroke="#e3e5e8"/><text x="8" y="${Number(y(value)) + 4}">${value.toFixed(2)}</text>`,
    )
    .join('')
}

function figureTable(report: ReplayReport): string {
  const rows: [string, number | null][] = [
    ['hit ratio of LRU', report.baselineHit],
    ['hit ratio with warming', report.hit],
    ["hit ratio of Belady's bound, without warming", report.beladyHit],
    ['hit ratio with warming where unread warms leave first', report.ownPolicy.hit],
    ['precision: warms read before they left, of those inserted', report.precision],
    ['warms inserted a read', report.perRead],
    ['entries renewed a read', report.touchesPerRead],
    ['warms that came late', report.late],
  ]
  if (report.next20 !== undefined)
    rows.push(['next 20 files: P@10', report.next20.precisionAt10], ['next 20 files: R@20', report.next20.recallAt20])
  return `<table>${rows.map(([name, value]) => `<tr><td>${name}</td><td>${figure(value)}</td></tr>`).join('')}</table>`
}

function reasonTable(report: ReplayReport): string {
  const rows = report.reasons.map(
    ({ reason, inserted, used, precision }) =>
      `<tr><td>${escapeHtml(reason)}</td><td>${inserted}</td><td>${used}</td><td>${figure(precision)}</td></tr>`,
  )
  return `<table><tr><th>reason</th><th>inserted</th><th>read</th><th>precision</th></tr>${rows.join('')}</table>`
}

function figure(value: number | null): string {
  if (value === null) return 'none'
  return Number.isInteger(value) ? String(value) : value.toFixed(4)
}

function x(share: number): string {
  return (LEFT + share * (WIDTH - LEFT)).toFixed(1)
}

function y(share: number): string {
  return (TOP + (1 - share) * (HEIGHT - TOP)).toFixed(1)
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
