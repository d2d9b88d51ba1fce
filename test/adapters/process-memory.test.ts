import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createProcessMemory } from '../../src/adapters/system/memory.ts'
import { makeMemoryGroup } from '../support/memory-group.ts'

/** Folders as the kernel shows them. */
function made(self: string, files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'forewarm-memory-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries({ ...files, self })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return createProcessMemory({ root: folder, self: join(folder, 'self') })
}

test('a container of the second version sees its own group as the root', async () => {
  const memory = made('0::/\n', {
    'memory.max': '1000\n',
    'memory.current': '800\n',
    'memory.stat': 'file 9\ninactive_file 300\n',
  })
  expect(await memory.share()).toBe(0.5)
})

test('the tightest of a group and those above it counts', async () => {
  const memory = made('0::/pods/one\n', {
    'pods/memory.max': '1000',
    'pods/memory.current': '900',
    'pods/one/memory.max': 'max',
    'pods/one/memory.current': '100',
  })
  expect(await memory.share()).toBe(0.9)
})

test('the first version counts the same, and a group that is not mounted here is passed over', async () => {
  const memory = made('5:cpuset:/\n4:hugetlb,memory:/docker/abc\n', {
    'memory/memory.limit_in_bytes': '2000',
    'memory/memory.usage_in_bytes': '1500',
    'memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 500\n',
  })
  expect(await memory.share()).toBe(0.5)
})

test('no limit is no pressure, whatever the process holds', async () => {
  const unlimited = '9223372036854771712'
  const memory = made('4:memory:/\n0::/\n', {
    'memory.max': 'max',
    'memory.current': '5000',
    'memory/memory.limit_in_bytes': unlimited,
    'memory/memory.usage_in_bytes': '5000',
  })
  const constrained = process.constrainedMemory()
  const own = constrained > 0 && constrained < 2 ** 53 ? process.memoryUsage.rss() / constrained : 0
  expect(await memory.share()).toBeCloseTo(own, 1)
})

const MIB = 1_048_576
const group = makeMemoryGroup(256 * MIB)
afterAll(() => group?.remove())

/** Writes the share before and after it has filled 96 MiB. */
const PROGRAM = `
  const { createProcessMemory } = await import('./src/adapters/system/memory.ts')
  const memory = createProcessMemory()
  const before = await memory.share()
  const held = Buffer.alloc(96 * ${MIB}, 1)
  console.log(JSON.stringify([before, await memory.share(), held.length]))
`

test.skipIf(group === null)('a process within a limit of 256 MiB sees that it takes 96 more', () => {
  const join = `echo $$ > ${group?.procs}; exec "$0" --input-type=module --eval "$1"`
  const { stdout, stderr } = spawnSync('sh', ['-c', join, process.execPath, PROGRAM], { encoding: 'utf8' })
  const [before = 0, after = 0] = JSON.parse(stdout || stderr)
  expect(before).toBeGreaterThan(0.02)
  expect(after - before).toBeGreaterThan((0.9 * 96) / 256)
  expect(after).toBeLessThan(1)
})
