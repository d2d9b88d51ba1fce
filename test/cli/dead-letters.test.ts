import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryEventLog, type MemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { deadLettersCommand } from '../../src/cli/dead-letters.ts'
import { deadLetterOf } from '../../src/flows/dead-letter.ts'
import type { LogRecord, TopicRole } from '../../src/ports/event-log.ts'
import { recordsOn } from '../support/log-contents.ts'

let log: MemoryEventLog

beforeEach(() => {
  log = createMemoryEventLog({ partitions: 2 })
})

async function run(...args: readonly string[]): Promise<string> {
  const written: string[] = []
  const command = deadLettersCommand({ withLog: (work) => work(log), write: (text) => void written.push(text) })
  for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => {} })
  await command.parseAsync([...args], { from: 'user' })
  return written.join('')
}
const runJson = async (...args: readonly string[]) =>
  (await run(...args, '--json'))
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const park = async (fields: Partial<LogRecord> & { topic: TopicRole; offset: number }, reason = 'bad magic byte') => {
  const record = { partition: 1, key: 'shop#0', value: new Uint8Array([0, 255, 7]), timestampMs: 5, ...fields }
  const headers = fields.headers ?? new Map([['traceparent', 't']])
  await log.append('dead-letters', [deadLetterOf({ ...record, headers }, { stage: 'warm', reason })])
}
const recordsOf = (topic: TopicRole) => recordsOn(log, topic)

describe('list and show', () => {
  test('without letters it says so', async () => {
    expect(await run('list')).toBe('no dead letters\n')
  })

  test('letters are listed with place, origin, stage and reason, and filtered by their origin', async () => {
    await park({ topic: 'warm-commands', offset: 7 })
    await park({ topic: 'access-events', offset: 8 }, 'schema id 3 is unknown')
    expect(await run('list')).toMatch(/^\d\/\d {2}.*warm-commands 1\/7 {2}by warm {2}3 bytes {2}bad magic byte$/m)
    expect(await runJson('list')).toHaveLength(2)
    expect(await runJson('list', '--topic', 'access-events')).toMatchObject([{ offset: 8, redriven: false }])
    expect(await runJson('list', '--offset', '7')).toMatchObject([{ topic: 'warm-commands', reason: 'bad magic byte' }])
    expect(await runJson('list', '--partition', '0')).toEqual([])
    expect(await run('list', '--max', '1')).toContain('more than 1')
  })

  test('one letter is shown whole, and what it holds cannot steer the terminal', async () => {
    await park({ topic: 'warm-commands', offset: 7, headers: new Map([['evil', '\u001b[2J\u202Etxt']]) })
    const [{ id }] = await runJson('list')
    const page = await run('show', id)
    expect(page).toContain('forewarm.error.topic: warm-commands')
    expect(page).toContain('00 ff 07')
    expect(page).toContain('evil: \\u001b[2J\\u202etxt')
    for (const steering of ['\u001b', '\u202E']) expect(page).not.toContain(steering)
    expect(await runJson('show', id)).toMatchObject([{ id, key: 'shop#0', value: 'AP8H' }])
  })

  test('an unknown place and a bad number are errors', async () => {
    await expect(run('show', '0/99')).rejects.toMatchObject({ code: 'FW_REQUEST_INVALID' })
    await expect(run('list', '--offset', '-1')).rejects.toMatchObject({ code: 'commander.invalidArgument' })
  })

  test('records of other tools in the topic are passed over', async () => {
    await log.append('dead-letters', [{ key: null, value: new Uint8Array([1]), headers: new Map() }])
    expect(await run('list')).toBe('no dead letters\n')
  })
})

describe('redrive', () => {
  test('bytes, key and headers go back as they were, with their first place; a second time nothing is sent', async () => {
    await park({ topic: 'warm-commands', offset: 7 })
    expect(await run('redrive')).toMatch(/warm-commands 1\/7 -> \d\/0\n1 sent on\n$/)
    const [record, ...others] = await recordsOf('warm-commands')
    expect(others).toEqual([])
    expect(record).toMatchObject({ key: 'shop#0', value: new Uint8Array([0, 255, 7]) })
    expect(record?.headers).toEqual(
      new Map([
        ['forewarm.redriven-from', 'warm-commands/1/7'],
        ['traceparent', 't'],
      ]),
    )
    expect(await run('redrive')).toBe('0 sent on\n')
    expect(await recordsOf('warm-commands')).toHaveLength(1)
    expect(await runJson('list')).toMatchObject([{ redriven: true }])
  })

  test('a bounded number is sent, the rest by the next command, only of what matches', async () => {
    for (const offset of [1, 2, 3]) await park({ topic: 'warm-commands', offset })
    await park({ topic: 'warm-requests', offset: 4 })
    expect(await runJson('redrive', '--topic', 'warm-commands', '--max', '2')).toHaveLength(2)
    expect(await recordsOf('warm-commands')).toHaveLength(2)
    expect(await runJson('redrive', '--topic', 'warm-commands', '--max', '2')).toHaveLength(1)
    expect(await recordsOf('warm-requests')).toEqual([])
  })

  test('a letter that is parked once more is a new letter and keeps its first place', async () => {
    await park({ topic: 'warm-commands', offset: 7 })
    await run('redrive')
    const [again] = await recordsOf('warm-commands')
    if (again === undefined) throw new Error('nothing was sent on')
    await park({ topic: 'warm-commands', offset: again.offset, partition: again.partition, headers: again.headers })
    await run('redrive')
    const sent = await recordsOf('warm-commands')
    expect(sent.map(({ headers }) => headers.get('forewarm.redriven-from'))).toEqual([
      'warm-commands/1/7',
      'warm-commands/1/7',
    ])
  })

  test('a letter whose sending failed is sent by the next command', async () => {
    await park({ topic: 'warm-commands', offset: 7 })
    const { append } = log
    log = { ...log, append: async () => Promise.reject(new Error('away')) }
    await expect(run('redrive')).rejects.toThrow('away')
    log = { ...log, append }
    expect(await run('redrive')).toContain('1 sent on')
  })
})
