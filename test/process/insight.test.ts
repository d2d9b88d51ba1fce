import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { inControlGroup, shortId } from '../../src/model/identity.ts'
import type { OutlookFile } from '../../src/ports/outlook.ts'
import { eventually } from '../support/eventually.ts'
import { type Attributes, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { spawnForewarm } from '../support/process.ts'

const names = Array.from({ length: 3_000 }, (_, at) => `src/f${at}.ts`)
const isControl = (name: string): boolean => inControlGroup(shortId(name, sha256Hex))
/** 120 files in the order in which the tool walks them: every fifth is of the control group. */
const walk = (() => {
  const [controls, others] = [names.filter(isControl), names.filter((name) => !isControl(name))]
  return Array.from(
    { length: 40 },
    (_, at) => (at % 5 === 4 ? controls : others)[Math.floor(at / (at % 5 === 4 ? 5 : 1))],
  ).filter((name) => name !== undefined)
})()
const HISTORY = 6
const READ_BEFORE = 10

function makeSite(): string {
  const folder = mkdtempSync(join(tmpdir(), 'forewarm-insight-'))
  mkdirSync(join(folder, 'web', 'src'), { recursive: true })
  for (const name of walk) writeFileSync(join(folder, 'web', name), `export const name = '${name}'\n`)
  const settings = {
    workspaces: { web: { origin: { directory: 'web' } } },
    gateway: { port: 0 },
    predict: { predictor: 'learned', aggressiveness: 'high', cacheFiles: 60 },
  }
  writeFileSync(join(folder, 'settings.yaml'), JSON.stringify(settings))
  return folder
}

/** The third read of each treated file and the second of each file of the control group are hits: .5 and .25 are not. */
const outcomeOf = (name: string, session: number) =>
  isControl(name) ? (session % 3 === 0 ? 'hit' : 'miss') : session % 3 === 0 ? 'miss' : 'hit'

type Published = {
  readonly session: string
  readonly from: number
  readonly to: number
  readonly agoMs: number
  readonly stepMs: number
}

async function publish(
  url: string,
  { session, from, to, agoMs, stepMs }: Published,
  outcome: (name: string) => string,
) {
  const endMs = Date.now() - agoMs
  const accesses = walk.slice(from, to).map((path, at, all) => {
    return { path, timeMs: endMs - (all.length - 1 - at) * stepMs, outcome: outcome(path) }
  })
  const response = await fetch(`${url}/v1/workspaces/web/accesses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ session, analyzer: 'tsc', publisher: `p-${session}`, sequence: from, accesses },
      sessionEnded: agoMs > 0,
    }),
  })
  expect(response.status).toBe(202)
}

const includes = (all: Attributes, some: object): boolean =>
  Object.entries(some).every(([name, value]) => all[name] === value)

test('explain, patterns, status and metrics say of a live deployment what its sessions make true', async () => {
  const receiver = await startOtlpReceiver()
  onTestFinished(receiver.close)
  const folder = makeSite()
  const env = {
    FOREWARM_TELEMETRY__ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
  }
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder, env })
  const url = JSON.parse(await up.line(/the gateway listens/)).url as string
  const get = async (path: string) => JSON.parse(await (await fetch(`${url}/v1/workspaces/web${path}`)).text())
  const cli = async (...args: readonly string[]) => {
    const child = spawnForewarm(['--config', 'settings.yaml', ...args], { cwd: folder })
    const { code } = await child.exit()
    return { code, stdout: child.stdout(), stderr: child.stderr() }
  }
  for (let session = 0; session < HISTORY; session += 1) {
    const past = {
      session: `before-${session}`,
      from: 0,
      to: walk.length,
      agoMs: (HISTORY - session) * 3_600_000,
      stepMs: 1_000,
    }
    await publish(url, past, (name) => outcomeOf(name, session))
  }
  const now = { session: 'web:now', from: 0, to: READ_BEFORE, agoMs: 0, stepMs: 1_000 }
  await publish(url, now, () => 'unknown')
  const learned = async () => (await get('/status')).learned
  const all = HISTORY * walk.length + READ_BEFORE
  await eventually(learned, (known) => known?.accesses === all, { what: 'all reads in the model' })

  // The open session: what comes next in the walk is named first, by sequence, dated.
  const session = await cli('explain', 'web:now', '--workspace', 'web', '--json')
  expect(session).toMatchObject({ code: 0, stderr: '' })
  const outlook = JSON.parse(session.stdout)
  expect(outlook).toMatchObject({
    kind: 'session',
    session: 'web:now',
    analyzer: 'tsc',
    reads: READ_BEFORE,
    paused: false,
  })
  expect(outlook.threshold).toBeGreaterThan(0)
  const files: readonly OutlookFile[] = outlook.files
  const dated = files.filter(({ distance }) => distance !== null && distance <= 10)
  expect(dated.map(({ path }) => path).sort()).toEqual(walk.slice(READ_BEFORE, READ_BEFORE + 10).sort())
  for (const { path, distance, sources, probability, fate, control } of dated) {
    expect(walk[READ_BEFORE - 1 + (distance ?? 0)]).toBe(path)
    expect(sources).toContain('sequence')
    expect(probability).toBeGreaterThan(0)
    if (fate === 'warm') expect(probability).toBeGreaterThanOrEqual(outlook.threshold)
    if (fate === 'unlikely') expect(probability).toBeLessThan(outlook.threshold)
    expect(control).toBe(isControl(path))
  }
  expect(await get('/predictions?session=web%3Anow')).toMatchObject({
    outlook: { session: 'web:now', reads: READ_BEFORE },
  })

  // A file: its probability in that session; and a word that is nothing.
  const next = walk[READ_BEFORE + 2] ?? ''
  const file = await cli('explain', next, '--workspace', 'web')
  expect(file.stdout).toMatch(/session {3}web:now \(tsc\): \d+\.\d % likely \(threshold .* in 3 reads/)
  const nothing = await cli('explain', next.replace('.ts', '.tz'), '--workspace', 'web')
  expect(nothing).toMatchObject({ code: 1, stdout: '' })
  expect(nothing.stderr).toContain('FW_NOT_KNOWN')
  expect(nothing.stderr).toContain('open are web:now')
  expect(nothing.stderr).toContain(next)
  expect((await cli('explain', 'before-2', '--workspace', 'web')).stderr).toContain('before-2 has ended')

  // Patterns.
  const patterns = JSON.parse((await cli('patterns', '--workspace', 'web', '--limit', '50', '--json')).stdout)
  expect(patterns).toEqual({ ...(await get('/patterns?limit=50')), atMs: patterns.atMs, next: patterns.next })
  expect(patterns.recurring).toEqual([{ analyzer: 'tsc', paths: walk, sessions: HISTORY }])
  expect(patterns.latest).toHaveLength(HISTORY)
  expect(patterns.hoursOfWeek.reduce((sum: number, count: number) => sum + count, 0)).toBe(all)
  for (const { path, coFile, count } of patterns.correlations) {
    expect(Math.abs(walk.indexOf(path) - walk.indexOf(coFile))).toBeLessThanOrEqual(12)
    expect(count).toBeGreaterThanOrEqual(HISTORY)
  }

  // The walk goes on: what was warmed meanwhile is settled by these reads.
  const warms = async () => (await get('/status')).cache.unreadWarms
  await eventually(warms, (count) => count > 0, { what: 'warms' })
  await publish(url, { ...now, from: READ_BEFORE, to: walk.length, stepMs: 1 }, () => 'unknown')
  const proofOf = async () => (await learned()).proof
  const proof = await eventually(proofOf, ({ hits }) => hits > 0, { what: 'settled warms' })
  expect(proof.accuracy).toBe(1)

  // The control group is right in one of three reads, the others in two.
  expect(proof.hitRate.value).toBeCloseTo(2 / 3)
  expect(proof.hitRateWithoutWarming.value).toBeCloseTo(1 / 3)
  expect(proof.coverage.value).toBeCloseTo(0.5)
  const value = (name: string, attributes: object) =>
    receiver
      .metrics()
      .find((metric) => metric.name === name)
      ?.points.filter((point) => includes(point.attributes, { workspace: 'web', ...attributes }))
      .reduce((sum, point) => sum + point.value, 0)
  await eventually(
    () => value('forewarm.misses_prevented', { bound: 'estimate' }),
    (told) => told !== undefined && told > 0,
    { what: 'the proof as metrics' },
  )
  const treated = walk.filter((name) => !isControl(name)).length * HISTORY
  expect(value('forewarm.access.outcomes', { group: 'treated' })).toBe(treated)
  expect(value('forewarm.access.outcomes', { group: 'control', outcome: 'hit' })).toBe(
    (walk.length * HISTORY - treated) / 3,
  )
  expect(value('forewarm.hit_rate', { warming: 'with', bound: 'estimate' })).toBeCloseTo(2 / 3)
  expect(value('forewarm.hit_rate', { warming: 'without', bound: 'estimate' })).toBeCloseTo(1 / 3)
  expect(value('forewarm.coverage', { bound: 'estimate' })).toBeCloseTo(0.5)
  expect(value('forewarm.misses_prevented', { bound: 'estimate' })).toBeCloseTo(treated / 3)
  await eventually(
    async () => [value('forewarm.settlements', { verdict: 'hit', disposition: 'warmed' }), (await proofOf()).hits],
    ([told, hits]) => told === hits,
    { what: 'all hits as metrics' },
  )
  expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})
