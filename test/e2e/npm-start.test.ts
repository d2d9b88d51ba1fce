import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Figures } from '../../examples/demo/figures.ts'

/** Nearly three minutes alone on two cores, half of them spent waiting; on a busy machine the rest takes long. */
const BUSY_MS_MAX = 900_000

describe('npm start -- --once --json', { timeout: BUSY_MS_MAX }, () => {
  it('shows rising hit rates and warm hits on real input, as one line of JSON', async () => {
    const args = ['.bin/run.mjs', 'start', '--once', '--json', '--fresh']
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1_048_576 })
    const { before, after }: Figures = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(after.hitRate, stderr).toBeGreaterThan(before.hitRate)
    expect(after.warmHits).toBeGreaterThan(0)
    expect(after.missesPrevented).toBeGreaterThan(0)
    expect(after.accuracy).toBeGreaterThan(0)
    expect(after.predictions.hit).toBeGreaterThanOrEqual(after.warmHits / 2)
  })
})
