import { expect, test } from 'vitest'
import { createLog } from '../../src/adapters/logging/pino-log.ts'
import { textOfLine } from '../../src/cli/log-lines.ts'

/** What a person reads of what is logged. */
function read(): { readonly log: ReturnType<typeof createLog>; readonly text: () => string } {
  let text = ''
  const to = {
    write: (line: string) => {
      text += textOfLine(line)
    },
  }
  return { log: createLog({ level: 'info', process: 'up', to }), text: () => text }
}

test('a line has the time of day, the level, the message and its fields', () => {
  const { log, text } = read()
  log.info({ url: 'http://127.0.0.1:8787', stages: 'ingest, warm', files: 3 }, 'running')
  expect(text()).toMatch(
    /^\d\d:\d\d:\d\d info {3}running {2}url=http:\/\/127.0.0.1:8787 {2}stages="ingest, warm" {2}files=3\n$/,
  )
})

test('a failure is told with its code, cause, mend and page, one that nobody knows with all that there is', () => {
  const { log, text } = read()
  const cause = new Error('listen EADDRINUSE')
  log.error({ code: 'FW_CONFIG_INVALID', retriable: false, mend: 'Mend it.' }, 'cannot listen', cause)
  expect(
    text()
      .split('\n')
      .map((line) => line.slice(16)),
  ).toEqual([
    ...['FW_CONFIG_INVALID: cannot listen', 'cause: listen EADDRINUSE', 'mend:  Mend it.'],
    ...['more:  docs/errors.md#fw_config_invalid', ''],
  ])
  log.error({}, 'unknown error', cause)
  expect(text()).toContain('log-lines.test.ts')
})

test('no name begins a line of its own or steers the terminal', () => {
  const { log, text } = read()
  log.error({ path: 'a\nforged\u001b[2J\u202e' }, 'b\nforged', new Error('c\u009b31m'))
  expect(text()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]|^forged/mu)
})
