/** `forewarm dead-letters`: what was parked and why, and sending it on once its cause is mended. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { type DeadLetter, type LetterFilter, readDeadLetters, redrive } from '../flows/dead-letters.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { EventLog } from '../ports/event-log.ts'
import { printable } from './printable.ts'

export type DeadLettersContext = {
  /** Opens the log that the settings name, lends it to the work, closes it. */
  readonly withLog: <Result>(work: (log: EventLog) => Promise<Result>) => Promise<Result>
  readonly write: (text: string) => void
}

type Options = LetterFilter & { readonly json?: true; readonly max: number }

/** Letters listed or sent on by one command unless it says otherwise. */
const LETTERS_MAX = 100

/** Bytes of a value that `show` prints as text. */
const SHOWN_BYTES_MAX = 1_024

export function deadLettersCommand(context: DeadLettersContext): Command {
  const command = new Command('dead-letters').description('records that could not be handled, with their reason')
  filtered(command.command('list').description('the parked records, oldest first')).action((options: Options) =>
    list(context, options),
  )
  command
    .command('show')
    .description('one parked record: where it came from, why it is here, its headers and bytes')
    .argument('<id>', 'its place as `list` shows it: partition/offset')
    .option('--json', 'as JSON, the bytes in base64')
    .action((id: string, { json }: { json?: true }) => show(context, id, json === true))
  filtered(
    command.command('redrive').description('send parked records on to where they came from; each is sent once'),
  ).action((options: Options) => sendOn(context, options))
  return command
}

const filtered = (command: Command): Command =>
  command
    .addOption(
      new Option('--topic <topic>', 'only those that came from this topic').choices([
        'access-events',
        'warm-requests',
        'warm-commands',
        'warm-outcomes',
      ]),
    )
    .option('--partition <number>', 'only those that came from this partition', wholeNumber)
    .option('--offset <number>', 'only the one that came from this offset', wholeNumber)
    .option('--max <number>', 'so many at the most', wholeNumber, LETTERS_MAX)
    .option('--json', 'as JSON, one record a line')

function wholeNumber(text: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('a whole number from 0 on')
}

const list = ({ withLog, write }: DeadLettersContext, options: Options): Promise<void> =>
  withLog(async (log) => {
    let count = 0
    for await (const letter of readDeadLetters(log, options)) {
      count += 1
      if (count > options.max) {
        if (options.json === undefined) write(`more than ${options.max}: see the rest with --max\n`)
        return
      }
      write(options.json ? `${JSON.stringify(summaryOf(letter))}\n` : lineOf(letter))
    }
    if (count === 0 && options.json === undefined) write('no dead letters\n')
  })

const show = ({ withLog, write }: DeadLettersContext, id: string, json: boolean): Promise<void> =>
  withLog(async (log) => {
    for await (const letter of readDeadLetters(log, {})) {
      if (letter.id !== id) continue
      write(json ? `${JSON.stringify(detailsOf(letter))}\n` : pageOf(letter))
      return
    }
    throw new ForewarmError(
      'FW_REQUEST_INVALID',
      `there is no dead letter ${printable(id)}; \`list\` shows their places`,
    )
  })

const sendOn = ({ withLog, write }: DeadLettersContext, options: Options): Promise<void> =>
  withLog(async (log) => {
    let count = 0
    for await (const { id, origin, to } of redrive(log, options, options.max)) {
      count += 1
      const from = { topic: origin.topic, partition: origin.partition, offset: origin.offset }
      if (options.json) write(`${JSON.stringify({ id, from, to })}\n`)
      else write(`${id}: ${origin.topic} ${origin.partition}/${origin.offset} -> ${to.partition}/${to.offset}\n`)
    }
    if (options.json === undefined) write(`${count} sent on\n`)
  })

const summaryOf = ({ id, origin, record, redriven }: DeadLetter) => ({
  id,
  ...origin,
  parkedAtMs: record.timestampMs,
  bytes: record.value.byteLength,
  redriven,
})

const detailsOf = (letter: DeadLetter) => ({
  ...summaryOf(letter),
  key: letter.record.key,
  headers: [...letter.record.headers],
  value: Buffer.from(letter.record.value).toString('base64'),
})

function lineOf(letter: DeadLetter): string {
  const { id, topic, partition, offset, stage, reason, bytes, parkedAtMs, redriven } = summaryOf(letter)
  const when = new Date(parkedAtMs).toISOString()
  const cells = [id, when, `${topic} ${partition}/${offset}`, `by ${stage}`, `${bytes} bytes`, reason]
  return `${cells.map(printable).join('  ')}${redriven ? '  (sent on)' : ''}\n`
}

function pageOf(letter: DeadLetter): string {
  const { record } = letter
  const headers = [...record.headers].map(([name, value]) => `  ${printable(name)}: ${printable(value)}\n`)
  const value = Buffer.from(record.value.subarray(0, SHOWN_BYTES_MAX))
  const cut =
    record.value.byteLength > SHOWN_BYTES_MAX ? `first ${SHOWN_BYTES_MAX} bytes; all of them with --json\n` : ''
  return `${lineOf(letter)}key: ${printable(record.key ?? '(none)')}\nheaders:\n${headers.join('')}value:\n${hexDump(value)}${cut}`
}

const LINE_BYTES = 16

function hexDump(bytes: Buffer): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const part = bytes.subarray(at, at + LINE_BYTES)
    const hex = part
      .toString('hex')
      .replace(/../g, '$& ')
      .padEnd(3 * LINE_BYTES)
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${hex} ${part.toString('latin1').replace(/[^ -~]/g, '.')}\n`)
  }
  return lines.join('')
}
