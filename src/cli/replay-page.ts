/** Style and script of the page that a replay writes. The script draws with uPlot and finds its data in `report`. */

export const PAGE_STYLE = `
:root{--text:#1b1f24;--soft:#5b6470;--line:#d9dde3;--back:#fff;--card:#f5f6f8;--lru:#6b7480;--warming:#0b7a56;--belady:#b4560a;--lost:#d9a08b}
@media (prefers-color-scheme:dark){:root{--text:#e6e9ee;--soft:#9aa4b1;--line:#323843;--back:#14171c;--card:#1d2128;--lru:#98a2b0;--warming:#35c08f;--belady:#f0953f;--lost:#8a4b36}}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:56rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.4rem;margin:0 0 .25rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:2.25rem 0 .25rem}p{margin:.25rem 0 .75rem;color:var(--soft);max-width:46rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.6rem;margin:1.25rem 0}
.tiles div{background:var(--card);border-radius:.5rem;padding:.6rem .8rem}.tiles dt{color:var(--soft);font-size:.82rem}.tiles dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums}
.plot{min-height:300px}.uplot,.u-legend{color:var(--text);font-family:inherit}.u-legend{text-align:left;font-size:.85rem}.u-legend th{font-weight:400}.u-inline tr{margin-right:1rem}.u-legend .u-marker{border-radius:50%}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
.scroll td,.scroll th{padding:.3rem 1.1rem .3rem 0;text-align:right;border-bottom:1px solid var(--line);font-weight:400}
.scroll thead th{color:var(--soft);font-size:.82rem;white-space:nowrap}.scroll th:first-child{text-align:left}.scroll .wide{min-width:12rem}.scroll th:last-child{text-align:left}.scroll tbody th+td:last-child{text-align:right}
.bar{display:flex;width:12rem;height:.7rem;border-radius:.2rem;overflow:hidden}.kept{background:var(--warming)}.lost{background:var(--lost)}
`

export const PAGE_SCRIPT = `
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const short = (value) => value >= 1e6 ? (value / 1e6).toFixed(1) + ' M' : value >= 1e4 ? Math.round(value / 1e3) + ' k' : String(Math.round(value));
  const three = (_, value) => value == null ? '' : value.toFixed(3);
  const axis = (label, values, size = 44) => ({ label, values, size, stroke: colour('soft'), labelSize: 22, font: '12px system-ui', labelFont: '12px system-ui', grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } });
  const shares = (_, splits) => splits.map((value) => value.toFixed(2).replace(/0$/, ''));
  const line = (label, name, dash) => ({ label, value: three, stroke: colour(name), width: name === 'warming' ? 2.5 : 1.75, dash, points: { show: false } });
  const charts = [];
  const draw = (id, options, data) => {
    const place = document.getElementById(id);
    charts.push([place, new uPlot({ width: place.clientWidth, height: 300, ...options }, data, place)]);
  };
  const drawAll = () => {
    for (const [, chart] of charts.splice(0)) chart.destroy();
    const { lru, warming, belady } = report.course;
    const reads = lru.map((_, nth) => Math.round((nth + 0.5) * report.reads / lru.length));
    const unit = { range: [0, 1.02] };
    draw('course', {
      scales: { x: { time: false, range: [0, report.reads] }, y: unit },
      axes: [axis('reads', (_, splits) => splits.map(short), 28), axis('hit ratio', shares)],
      series: [{ label: 'reads', value: (_, value) => value == null ? '' : value.toLocaleString('en') }, line('LRU', 'lru', [6, 4]), line('with warming', 'warming'), line("Belady's bound", 'belady', [2, 3])],
    }, [reads, lru, warming, belady]);
    const bins = report.reliability;
    const promised = [0, ...bins.map((bin) => bin.promised), 1];
    const kept = [null, ...bins.map((bin) => bin.used), null];
    draw('reliability', {
      scales: { x: { time: false, range: [0, 1] }, y: unit },
      axes: [axis('promised probability', shares, 28), axis('share read', shares)],
      series: [
        { label: 'promised', value: three },
        { label: 'as promised', value: three, stroke: colour('belady'), width: 1.5, dash: [2, 3], points: { show: false } },
        { label: 'read before it left', value: three, stroke: colour('warming'), width: 1.5, points: { show: true, size: 9, fill: colour('warming') } },
      ],
    }, [promised, promised, kept]);
  };
  drawAll();
  addEventListener('resize', () => { for (const [place, chart] of charts) chart.setSize({ width: place.clientWidth, height: 300 }); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
})();
`
