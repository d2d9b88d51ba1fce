import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTraceFile, TraceFileError } from '../../src/adapters/trace/trace-file.ts'
import { madeFleet } from './made-trace.ts'

const command = join(import.meta.dirname, '../../src/cli/replay.ts')
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

async function replayed(...flags: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [command, join(folder, 'fleet.csv.gz'), ...flags])
  return stdout
}

describe('forewarm replay', () => {
  test('prints its report as JSON, and its warms in the form of the judge', async () => {
    const out = join(folder, 'warms.csv')
    const report = JSON.parse(await replayed('--capacity', '40', '--json', '--next20', '--decisions', out))
    expect(report.hit).toBeGreaterThan(report.baselineHit)
    expect(report.next20.lists).toBeGreaterThan(100)
    const [header, ...warms] = (await readFile(out, 'utf8')).trim().split('\n')
    expect(header).toBe('after_row,at_ms,workspace,path')
    expect(warms).toHaveLength(report.warms)
    expect(warms[0]).toMatch(/^\d+,\d+,shop,src\/part/)
  })

  test('leaves the cache alone with no predictor, and plays the rules of the manual by name', async () => {
    const none = JSON.parse(await replayed('--capacity', '40', '--json', '--predictor', 'none'))
    expect(none.hit).toBe(none.baselineHit)
    const manual = JSON.parse(await replayed('--capacity', '40', '--json', '--predictor', 'manual'))
    expect(manual.reasons.map(({ reason }: { reason: string }) => reason)).toContain('co-access')
  })

  test('writes one page that needs nothing else', async () => {
    const page = join(folder, 'report.html')
    await replayed('--html', page)
    const html = await readFile(page, 'utf8')
    expect(html).toContain('<polyline')
    expect(html).not.toMatch(/(?:src|href)=/)
  })

  test('names the line of a trace that cannot be read', async () => {
    const bad = join(folder, 'bad.csv')
    await writeFile(bad, 'time_ms,workspace,session,path\n5,w,s,a\n4,w,s,b\n')
    await expect(readTraceFile(bad)).rejects.toThrow(TraceFileError)
    await expect(readTraceFile(bad)).rejects.toThrow('bad.csv:3: time goes back')
  })
})
