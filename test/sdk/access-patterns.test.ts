import { describe, expect, it } from 'vitest'
import type { FileEvidence, ModelReader } from '../../src/ports/model-reader.ts'
import { AccessPatterns } from '../../src/sdk/manual/access-patterns.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 0, 5, 9, 30)

/** A file read every ten minutes, the last time at `lastAccessMs`. */
function aFile(path: string, fields: Partial<FileEvidence> = {}): FileEvidence {
  const lastAccessMs = fields.lastAccessMs ?? NOW
  const accessTimes = [3, 2, 1, 0].map((steps) => lastAccessMs - steps * 600_000)
  const none = { coAccess: [], successors: [], hoursOfDay: new Map<number, number>(), hoursOfWeek: new Map() }
  return { path, frequency: 10, lastAccessMs, accessTimes, ...none, ...fields }
}

function patternsOf(files: readonly FileEvidence[]): AccessPatterns {
  const models: Pick<ModelReader, 'file' | 'files'> = {
    file: async (workspace, path) => files.find((file) => workspace === 'shop' && file.path === path) ?? null,
    async *files() {
      yield files
    },
  }
  return new AccessPatterns(models, 'shop')
}

describe('access patterns', () => {
  it('expect the next access one mean interval after the last one', async () => {
    const pattern = await patternsOf([aFile('a.py')]).pattern('a.py')
    expect(pattern?.predictNextAccess()).toBe(NOW + 600_000)
    const once = await patternsOf([aFile('a.py', { accessTimes: [NOW] })]).pattern('a.py')
    expect(once?.predictNextAccess()).toBeNull()
    expect(await patternsOf([]).pattern('a.py')).toBeNull()
  })

  it('correlate files with five co-accesses or more, by their share of the accesses', async () => {
    const coAccess = [
      { path: 'often.py', count: 9 },
      { path: 'half.py', count: 5 },
      { path: 'seldom.py', count: 4 },
    ]
    const patterns = patternsOf([aFile('a.py', { coAccess })])
    expect(await patterns.correlations()).toEqual([
      { path: 'a.py', coFile: 'often.py', count: 9, strength: 0.9 },
      { path: 'a.py', coFile: 'half.py', count: 5, strength: 0.5 },
    ])
    // A strength of 0.5 is not above 0.5.
    expect(await patterns.relatedFiles('a.py')).toEqual([{ path: 'often.py', strength: 0.9 }])
    expect(await patterns.relatedFiles('nobody.py')).toEqual([])
  })

  it('name ten related files at most, the strongest first', async () => {
    const coAccess = Array.from({ length: 15 }, (_, at) => ({ path: `f${at}.py`, count: 60 + at }))
    const related = await patternsOf([aFile('a.py', { frequency: 100, coAccess })]).relatedFiles('a.py')
    expect(related.map(({ path }) => path)).toEqual(Array.from({ length: 10 }, (_, at) => `f${14 - at}.py`))
  })

  it('name the twenty files that are read most often at the hour', async () => {
    const files = Array.from({ length: 25 }, (_, at) =>
      aFile(`f${at}.py`, {
        hoursOfDay: new Map([
          [9, at],
          [10, 1_000],
        ]),
      }),
    )
    const peaks = await patternsOf(files).peakFiles(NOW)
    expect(peaks).toHaveLength(20)
    expect(peaks[0]).toEqual({ path: 'f24.py', count: 24 })
  })

  it('tell which files are expected within the hour, the soonest first', async () => {
    const files = [
      aFile('soon.py', { lastAccessMs: NOW - 300_000 }),
      aFile('sooner.py', { lastAccessMs: NOW - 540_000 }),
      aFile('over.py', { lastAccessMs: NOW - HOUR_MS }),
    ]
    const expected = await patternsOf(files).expectedWithinHour(NOW)
    expect(expected.map(({ path }) => path)).toEqual(['sooner.py', 'soon.py'])
  })

  it('go through all files that are remembered', async () => {
    const files = Array.from({ length: 150 }, (_, at) => aFile(`f${at}.py`))
    const found: string[] = []
    for await (const { path } of patternsOf(files).all()) found.push(path)
    expect(found).toEqual(files.map(({ path }) => path))
  })
})
