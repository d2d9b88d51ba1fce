import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CallTimes } from '../../src/adapters/profiler/call-times.ts'
import { cliWorld } from '../support/cli.ts'

describe('forewarm warm --profile', () => {
  it('tells where the time of the run went, and writes a flame graph', async () => {
    const { write, run, folder } = cliWorld()
    write(Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`src/m${at}.ts`, `export const m${at} = 1\n`])))
    const file = join(folder, 'run.cpuprofile')
    const { code, stdout, stderr } = await run('warm', '--workspace', 'shop', '--profile', file)
    expect(code).toBe(0)
    expect(stdout).toContain('complete: 40 of 40 files')
    expect(stderr).toMatch(/STAGES\n +plan +\d/)
    expect(stderr).toMatch(/^ +40 .*origin\.read$/m)
    expect(stderr).toMatch(/PROCESSOR[\s\S]* s {2}\S/)
    const profile: { readonly nodes: readonly unknown[]; readonly samples: readonly number[] } = JSON.parse(
      readFileSync(file, 'utf8'),
    )
    expect(profile.nodes.length).toBeGreaterThan(10)
    expect(profile.samples.length).toBeGreaterThan(10)
  })
})

describe('call times', () => {
  const timed = () => {
    let nowMs = 0
    const times = new CallTimes(() => nowMs)
    const tick = (ms: number) => {
      nowMs += ms
    }
    return { times, tick }
  }

  it('count each call of a method with how long it took, the most time first', async () => {
    const { times, tick } = timed()
    class Port {
      readonly #ms = 10
      fast(): number {
        tick(1)
        return this.#ms
      }
      async slow(ms: number): Promise<string> {
        tick(ms)
        return 'done'
      }
    }
    const port = times.watch('port', new Port())
    expect(port.fast()).toBe(10)
    expect(await port.slow(5)).toBe('done')
    expect(await port.slow(20)).toBe('done')
    expect(times.table()).toEqual([
      { name: 'port.slow', calls: 2, totalMs: 25, slowestMs: 20 },
      { name: 'port.fast', calls: 1, totalMs: 1, slowestMs: 1 },
    ])
  })

  it('count a call that fails, and of a listing only the waits for its items', async () => {
    const { times, tick } = timed()
    const port = times.watch('port', {
      async fail(): Promise<never> {
        tick(3)
        throw new Error('no')
      },
      async *list() {
        for (const item of [1, 2]) {
          tick(2)
          yield item
        }
      },
    })
    await expect(port.fail()).rejects.toThrow('no')
    const items: number[] = []
    for await (const item of port.list()) {
      tick(100)
      items.push(item)
    }
    expect(items).toEqual([1, 2])
    expect(times.table()).toEqual([
      { name: 'port.list', calls: 3, totalMs: 4, slowestMs: 2 },
      { name: 'port.fail', calls: 1, totalMs: 3, slowestMs: 3 },
    ])
  })
})
