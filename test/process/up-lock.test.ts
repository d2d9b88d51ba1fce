import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findUp, lockUp } from '../../src/compose/up-lock.ts'
import { ForewarmError } from '../../src/ports/errors.ts'

const makeFile = () => join(mkdtempSync(join(tmpdir(), 'forewarm-lock-')), 'forewarm.sqlite')

/** A process that is certainly there, and one that certainly is not. */
const ALIVE = process.ppid
const GONE = 2 ** 30

const note = (pid: number) => JSON.stringify({ pid, url: 'http://127.0.0.1:1', workspaces: ['shop'] })

test('the lock is one process’s, and leaves nothing behind', () => {
  const file = makeFile()
  const lock = lockUp(file, ['shop'])
  lock.announce('http://127.0.0.1:8787')
  // A process is no stranger to itself.
  expect(findUp(file)).toBeNull()
  lock.release()
  expect(readdirSync(join(file, '..'))).toEqual([])
})

test('a living holder keeps it and is named, one that is gone or half a note does not', () => {
  const file = makeFile()
  writeFileSync(`${file}.lock`, note(ALIVE))
  expect(findUp(file)).toEqual({ pid: ALIVE, url: 'http://127.0.0.1:1', workspaces: ['shop'] })
  expect(() => lockUp(file, [])).toThrow(ForewarmError)
  expect(() => lockUp(file, [])).toThrow(String(ALIVE))
  for (const left of [note(GONE), '{"pid":']) {
    writeFileSync(`${file}.lock`, left)
    lockUp(file, []).release()
  }
})
