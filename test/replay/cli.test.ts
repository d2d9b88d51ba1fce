import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invoke } from '../../src/cli/invoke.ts'
import { replayCommand } from '../../src/cli/replay.ts'
import { EXIT_CODES } from '../../src/process.ts'
import { madeFleet } from './made-trace.ts'
import { plainly, plainReads, plainWarms } from './plain-judge.ts'

const command = join(import.meta.dirname, '../../src/cli/forewarm.ts')
const run = promisify(execFile)
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forewarm-replay-'))
  const { trace } = madeFleet({ seed: 5, workspaces: ['shop'], sessions: 12, filesPerWorkspace: 120 })
  const rows = Array.from(trace.file, (file, row) => {
    const session = trace.sessions[trace.session[row] ?? 0]
    return `${trace.timeMs[row]},${session?.workspace},${session?.id},${trace.files[file]?.path}`
  })
  await writeFile(join(folder, 'fleet.csv.gz'), gzipSync(`time_ms,workspace,session,path\n${rows.join('\n')}\n`))
})

afterAll(() => rm(folder, { recursive: true }))

const fleet = () => join(folder, 'fleet.csv.gz')

async function replayed(trace: string, ...flags: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [command, 'replay', trace, ...flags])
  return stdout
}

/** Writes a file beside the trace and returns its name. */
async function beside(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

/** What the command says when it cannot do what it is asked to. */
async function refusal(...words: string[]): Promise<string> {
  const said: string[] = []
  const command = replayCommand({ write: () => {}, report: () => {}, atTerminal: false })
  const codes: number[] = []
  await invoke(command, words, {
    write: () => {},
    report: (text) => void said.push(text),
    exit: (code) => void codes.push(code),
  })
  expect(codes).toEqual([EXIT_CODES.usage])
  return said.join('')
}

describe('forewarm replay', () => {
  test('refuses a file that cannot be written before it plays anything', async () => {
    for (const flag of ['--decisions', '--html']) {
      expect(await refusal('/not/there/trace.csv', flag, '/not/there/out')).toContain('/not/there/out')
    }
  })

  test('writes over nothing that it reads, and nothing twice', async () => {
    const [trace, graph, out] = [fleet(), await beside('graph.csv', 'T,shop,a\n'), join(folder, 'twice')]
    const before = await readFile(trace)
    for (const flags of [
      ['--decisions', trace],
      ['--html', graph, '--graph', graph],
      ['--decisions', out, '--html', out],
    ]) {
      expect(await refusal(trace, ...flags)).toContain('would be written over')
    }
    expect((await readFile(trace)).equals(before)).toBe(true)
  })

  test('prints the figures that another judge finds in the decisions that it writes', async () => {
    const real = join(import.meta.dirname, 'drf.csv.gz')
    for (const [trace, latencyMs, out] of [
      [fleet(), 0, 'warms.csv'],
      [real, 10, 'warms.csv.gz'],
    ] as const) {
      const file = join(folder, out)
      const flags = ['--capacity', '40', '--latency', String(latencyMs), '--json', '--decisions', file]
      const report = JSON.parse(await replayed(trace, ...flags))
      const reads = await plainReads(trace)
      const warms = await plainWarms(file, reads)
      const judged = plainly(reads, warms, { capacityFiles: 40, latencyMs })
      const lru = plainly(reads, [], { capacityFiles: 40, latencyMs: 0 })
      expect(report).toMatchObject({
        ...{ reads: reads.length, warms: warms.length, late: judged.late },
        ...{ hit: judged.hits / reads.length, baselineHit: lru.hits / reads.length },
        ...{ missReduction: 1 - judged.misses / lru.misses, precision: judged.used / judged.inserted },
        ...{ perRead: judged.inserted / reads.length, touchesPerRead: judged.touched / reads.length },
      })
      expect(report.hit).toBeGreaterThan(report.baselineHit)
    }
  })

  test('measures the ranked lists against the next files', async () => {
    const report = JSON.parse(await replayed(fleet(), '--capacity', '40', '--json', '--next20'))
    expect(report.next20.lists).toBeGreaterThan(100)
    expect(report.next20.precisionAt10).toBeGreaterThan(0.3)
  })

  test('plots the course for a terminal, and names the reasons', async () => {
    const text = await replayed(fleet(), '--capacity', '40')
    expect(text.split('\n').filter((line) => line.includes('┤'))).toHaveLength(11)
    expect(text).toContain('● with warming')
    expect(text).toMatch(/^sequence +\d/m)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  test('writes one page that needs nothing else', async () => {
    const page = join(folder, 'report.html')
    await replayed(fleet(), '--html', page)
    const html = await readFile(page, 'utf8')
    expect(html).toContain('new uPlot')
    expect(html).toContain('prefers-color-scheme:dark')
    expect(html).not.toMatch(/<(?:link|img|iframe)|(?:src|href)=|@import|url\(/)
  })

  test('names the cause and the mend of what cannot be played', async () => {
    const row = 'time_ms,workspace,session,path\n5,w,s,a\n'
    const bad: [string, string, ...string[]][] = [
      [await beside('header.csv', 'a,b\n1,2\n'), "header.csv: the first line must be 'time_ms,workspace,session,path'"],
      [await beside('back.csv', `${row}4,w,s,b\n`), 'back.csv:3: time goes back; sort the rows by time'],
      [await beside('time.csv', `${row}x,w,s,b\n`), "time.csv:3: 'x' is no whole number of milliseconds"],
      [await beside('cells.csv', `${row}6,w,s\n`), 'cells.csv:3: 3 cells where 4 belong'],
      [
        await beside('plain.csv.gz', row),
        'plain.csv.gz cannot be read (incorrect header check): it is no whole gzip file',
      ],
      [join(folder, 'none.csv'), 'name an existing file'],
      [fleet(), '--capacity lots is no size of a cache: give a number', '--capacity', 'lots'],
      [
        fleet(),
        '--graph is of no use: the trace reads no workspace w; it reads shop',
        '--graph',
        await beside('g.csv', 'T,w,a\n'),
      ],
      [
        fleet(),
        'edges.csv:1: neither T,workspace,path nor E,workspace,from,to',
        '--graph',
        await beside('edges.csv', 'E,w,a\n'),
      ],
      [fleet(), 'It must be a number of milliseconds', '--latency', 'soon'],
    ]
    for (const [trace, message, ...flags] of bad) {
      expect(await refusal(trace, ...flags)).toContain(message)
    }
  })
})
