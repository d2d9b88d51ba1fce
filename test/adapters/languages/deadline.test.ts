import { expect, test } from 'vitest'
import { withDeadline } from '../../../src/adapters/languages/deadline.ts'
import { parseBatch } from '../../../src/adapters/languages/parse-batch.ts'
import type { Language } from '../../../src/ports/language.ts'

/** Waits without the processor, as on a machine that has none to give. */
const starve = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

function spin(): never {
  for (;;);
}

test('work that has the processor is late when its time is over', () => {
  expect(withDeadline(50, spin)).toBe('late')
})

test('work that waits for a busy machine is begun again with more time, and is late in the end', () => {
  expect(withDeadline(200, () => starve(500))).toBeUndefined()
  let begun = 0
  const wait = () => {
    begun += 1
    starve(Number.POSITIVE_INFINITY)
  }
  expect(withDeadline(10, wait)).toBe('late')
  expect(begun).toBeGreaterThan(1)
})

test('files that were parsed before the machine was busy are there once, in their order', () => {
  let calls = 0
  const language = {
    name: 'slow',
    handles: () => true,
    parse: (path: string) => {
      calls += 1
      if (calls === 2) starve(60_000)
      return { language: path, imports: [], symbols: [], faults: [] }
    },
  } as unknown as Language
  const files = ['a', 'b', 'c'].map((path) => ({ path, bytes: new Uint8Array() }))
  const parsed = parseBatch({ unguarded: [language], guarded: [language] }, { what: 'parse', files })
  expect(parsed.map((file) => file?.language)).toEqual(['a', 'b', 'c'])
})
