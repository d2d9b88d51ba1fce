import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ACL_FILES } from '../../deploy/redis/generate.ts'

test('deploy/redis holds the users as `npm run docs` makes them, none with a password that Redis would take', () => {
  for (const [name, text] of ACL_FILES) {
    expect(readFileSync(join(import.meta.dirname, '../../deploy/redis', name), 'utf8')).toBe(text)
    expect(text).not.toMatch(/nopass| >|#[0-9a-f]{64}/)
  }
})
