import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { spawnForewarm } from './process.ts'

async function script(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-process-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const entry = join(folder, 'entry.ts')
  await writeFile(entry, source)
  return entry
}

it('runs TypeScript with arguments and variables, and reads its lines and its end', async () => {
  const entry = await script(
    'const [n]: string[] = process.argv.slice(2); console.log("got", n, process.env.FOREWARM_X); process.exitCode = 3',
  )
  const child = spawnForewarm(['one'], { entry, env: { FOREWARM_X: 'two' } })
  expect(await child.line(/^got/)).toBe('got one two')
  expect(await child.exit()).toEqual({ code: 3, signal: null })
})

it('kills as a crash would', async () => {
  const child = spawnForewarm([], { entry: await script('console.log("up"); setInterval(() => {}, 1000)') })
  await child.line(/up/)
  expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' })
})

it('tells the output of a process that ended before the awaited line', async () => {
  const child = spawnForewarm([], { entry: await script('console.error("no such setting")') })
  await expect(child.line(/ready/)).rejects.toThrow('no such setting')
})

it('keeps variables of the test run out', async () => {
  process.env['FOREWARM_LEAK'] = '1'
  onTestFinished(() => {
    delete process.env['FOREWARM_LEAK']
  })
  const child = spawnForewarm([], { entry: await script('console.log("leak", process.env.FOREWARM_LEAK)') })
  expect(await child.line(/^leak/)).toBe('leak undefined')
  await child.exit()
})
