import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureFolder } from '../../src/adapters/system/ensure-folder.ts'
import { makeFolder } from '../support/git-repository.ts'

test('a folder is made with those above it, and is left as it is when it is there', () => {
  const folder = join(makeFolder('made'), 'a', 'b')
  expect(ensureFolder(folder)).toBe(true)
  writeFileSync(join(folder, 'kept'), '')
  expect(ensureFolder(folder)).toBe(false)
  expect(existsSync(join(folder, 'kept'))).toBe(true)
})

test('a place in which nothing can be made is told at once', () => {
  expect(() => ensureFolder('/proc/forewarm/cache')).toThrow(expect.objectContaining({ code: expect.any(String) }))
})
