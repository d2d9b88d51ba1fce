import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { cacheCommand } from '../../src/cli/cache.ts'
import { valueKey } from '../../src/warming/cache-key.ts'

function open() {
  const cache = createMemoryCache({ clock: createSystemClock(), bytesMax: 1_000 })
  const key = (workspace: string, path: string) =>
    valueKey({ workspace, layer: 'content', producerVersion: '1', path, version: 'v' }, sha256Hex)
  const run = async (...args: readonly string[]) => {
    const written: string[] = []
    const command = cacheCommand({
      withCache: (work) => work(cache),
      sha256Hex,
      workspaceNamed: (given) => given ?? 'shop',
      write: (text) => void written.push(text),
    })
    for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => {} })
    await command.parseAsync([...args], { from: 'user' })
    return written.join('')
  }
  return { cache, key, run }
}

test('stats and clear count and remove the entries of one workspace and of no other', async () => {
  const { cache, key, run } = open()
  await cache.put(key('shop', 'a'), new Uint8Array(10), { kind: 'fill' })
  await cache.put(key('shop', 'b'), new Uint8Array(20), { kind: 'warm', commandId: 'c', traceparent: null })
  await cache.put(key('other', 'a'), new Uint8Array(5), { kind: 'fill' })
  expect(JSON.parse(await run('stats', '--workspace', 'shop', '--json'))).toMatchObject({
    workspace: 'shop',
    entries: 2,
    bytes: 30,
    unreadWarms: 1,
    cache: { bytesUsed: 35, bytesMax: 1_000 },
  })
  expect(await run('stats', '--workspace', 'shop')).toMatch(/entries +2\n.*35 bytes, 1000 at most \(3\.5 % used\)/s)
  expect(await run('stats'), 'of the current folder').toBe(await run('stats', '--workspace', 'shop'))
  expect(await run('clear', '--workspace', 'shop')).toBe('2 entries removed\n')
  expect(JSON.parse(await run('clear', '--workspace', 'shop', '--json'))).toEqual({ workspace: 'shop', removed: 0 })
  expect(await cache.has([key('other', 'a')])).toEqual([true])
})

test('what removes something has its workspace named', async () => {
  await expect(open().run('clear')).rejects.toMatchObject({ code: 'commander.missingMandatoryOptionValue' })
})
