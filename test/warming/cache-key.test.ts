import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { pointerKey, unversionedLeaseKey, type ValueName, valueKey } from '../../src/warming/cache-key.ts'

const name: ValueName = { workspace: 'w', layer: 'content', producerVersion: '1', path: 'src/a.ts', version: 'abc' }

test('the key of a value stays the same from one release to the next', () => {
  expect(valueKey(name, sha256Hex)).toEqual({
    workspaceId: '50e721e49c013f00',
    rest: `v.${sha256Hex('["content","1","src/a.ts","abc"]').slice(0, 32)}`,
  })
})

test('every part of the name changes the key, wherever the border between two parts lies', () => {
  const part = fc.string({ maxLength: 4, unit: fc.constantFrom('a', '"', ',', '\\', '\0', '#') })
  const names = fc.record({ workspace: part, layer: part, producerVersion: part, path: part, version: part })
  fc.assert(
    fc.property(names, names, (one, other) => {
      const same = JSON.stringify(valueKey(one, sha256Hex)) === JSON.stringify(valueKey(other, sha256Hex))
      expect(same).toBe(JSON.stringify(one) === JSON.stringify(other))
    }),
  )
})

test('values, leases and pointers never share a key, and no key holds text of the user', () => {
  const keys = [
    valueKey(name, sha256Hex),
    unversionedLeaseKey(name, sha256Hex),
    pointerKey('w', 'src/a.ts', sha256Hex),
    pointerKey('w', null, sha256Hex),
  ]
  expect(new Set(keys.map((key) => key.rest)).size).toBe(4)
  for (const key of keys) expect(`${key.workspaceId} ${key.rest}`).toMatch(/^[0-9a-f]{16} ([vup]\.[0-9a-f]{32}|r)$/)
})
