/** Log lines for whoever has started a process at a terminal; everybody else gets them as they are, in JSON. */
import { isCode, pageOf } from './failure.ts'
import { printable } from './printable.ts'

/** What every line bears, or is told in a place of its own. */
const APART = new Set(['level', 'time', 'process', 'service.instance.id', 'msg', 'code', 'retriable', 'mend', 'err'])

/** One line of JSON as text: time of day, level, message, fields; of a failure also its cause and mend, below it. */
export function textOfLine(json: string): string {
  const line: Readonly<Record<string, unknown>> = JSON.parse(json)
  const { time, level, msg, code, mend } = line
  const fields = Object.entries(line).flatMap(([name, value]) => (APART.has(name) ? [] : [`${name}=${word(value)}`]))
  const said = [isCode(code) ? `${code}: ${printable(String(msg))}` : printable(String(msg)), ...fields].join('  ')
  const below = [
    ...causeLines(line),
    ...(typeof mend === 'string' ? [`mend:  ${mend}`] : []),
    ...(isCode(code) ? [`more:  ${pageOf(code)}`] : []),
  ]
  const head = `${new Date(String(time)).toTimeString().slice(0, 8)} ${String(level).padEnd(5)} `
  return [`${head} ${said}`, ...below.map((one) => `${' '.repeat(head.length)} ${one}`)]
    .map((one) => `${one}\n`)
    .join('')
}

/** What is behind a failure: of one of ours what the engine said, of any other all that is known. */
function causeLines({ err, code }: Readonly<Record<string, unknown>>): readonly string[] {
  if (typeof err !== 'object' || err === null) return []
  const { message, stack } = err as { readonly message?: unknown; readonly stack?: unknown }
  const said = String((isCode(code) ? message : stack) ?? message ?? '')
  return said === '' ? [] : said.split('\n').map((one, at) => `${at === 0 ? 'cause: ' : '       '}${printable(one)}`)
}

const word = (value: unknown): string =>
  printable(typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value))
