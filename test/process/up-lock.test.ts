import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findUp, lockUp } from '../../src/compose/up-lock.ts'
import { ForewarmError } from '../../src/ports/errors.ts'

const makeFile = () => join(mkdtempSync(join(tmpdir(), 'forewarm-lock-')), 'forewarm.sqlite')

/** Holds the lock of a file as long as it lives. */
const LOCKING = `
  const { lockUp } = await import(${JSON.stringify(new URL('../../src/compose/up-lock.ts', import.meta.url).href)})
  lockUp(process.argv[1], ['shop'])
  console.log('locked')
  process.stdin.resume()
`

/** A process that is certainly there, and one that certainly is not. */
const ALIVE = process.ppid
const GONE = 2 ** 30

const note = (pid: number, begun: string | null = null) =>
  JSON.stringify({ pid, begun, url: 'http://127.0.0.1:1', workspaces: ['shop'] })

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
  expect(findUp(file)).toMatchObject({ pid: ALIVE, url: 'http://127.0.0.1:1', workspaces: ['shop'] })
  expect(() => lockUp(file, [])).toThrow(ForewarmError)
  expect(() => lockUp(file, [])).toThrow(String(ALIVE))
  for (const left of [note(GONE), '{"pid":']) {
    writeFileSync(`${file}.lock`, left)
    lockUp(file, []).release()
  }
})

test('a process that has got the number of one that was killed is not taken for it', async () => {
  const file = makeFile()
  const holder = spawn(process.execPath, ['-e', LOCKING, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  expect(findUp(file)).toMatchObject({ pid: holder.pid, workspaces: ['shop'] })
  writeFileSync(`${file}.lock`, note(ALIVE, 'another start of the machine/1'))
  expect(findUp(file)).toBeNull()
  lockUp(file, []).release()
})
