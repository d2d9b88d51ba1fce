import { spawnSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProgress } from '../../examples/demo/progress.ts'
import { makeFolder } from '../support/folder.ts'

describe('npm start in a clone where nothing is installed', () => {
  const start = async (...args: readonly string[]) => {
    const folder = await makeFolder({})
    for (const file of ['.bin/run.mjs', 'examples/demo/options.mjs']) cpSync(file, join(folder, file))
    const ended = spawnSync(process.execPath, [join(folder, '.bin/run.mjs'), 'start', ...args], { encoding: 'utf8' })
    expect(existsSync(join(folder, 'node_modules'))).toBe(false)
    return ended
  }

  it('tells its options at once', async () => {
    expect(await start('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--rounds'), stderr: '' })
  })

  it.each([
    [['--bogus'], '--bogus'],
    [['--rounds', '1'], '--rounds 1: a whole number from 2 on'],
  ])('refuses %j at once', async (args, why) => {
    expect(await start(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(why) })
  })
})

describe('the progress of npm start', () => {
  const told = (isTTY: boolean) => {
    const written: string[] = []
    let nowMs = 0
    const progress = createProgress({ isTTY, write: (text) => written.push(text) }, () => nowMs)
    for (; nowMs < 40_000; nowMs += 100) progress.tell(`${nowMs} ms`)
    progress.clear()
    return written.filter((text) => text !== '')
  }

  it('is one line at a terminal, overwritten five times a second and taken away before a result', () => {
    const written = told(true)
    expect(written).toHaveLength(201)
    expect(written.at(1)).toBe('\r\u001b[2K200 ms')
    expect(written.at(-1)).toBe('\r\u001b[2K')
  })

  it('is a line of its own in a log, where results are long in coming', () => {
    expect(told(false)).toEqual(['15000 ms\n', '30000 ms\n'])
  })
})
