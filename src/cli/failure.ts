/** How a command ends when it fails: its code, cause and mend, where more is said, and an exit code. */
import { CommanderError } from 'commander'
import { ERROR_MENDS } from '../ports/error-mends.ts'
import { ERROR_CODES, type ErrorCode, ForewarmError } from '../ports/errors.ts'
import { EXIT_CODES } from '../process.ts'

/** What is told of a failure, as one JSON object under `--json`. */
type Failure = {
  readonly code: ErrorCode
  readonly message: string
  /** What the engine or the machine said, where the message does not say it already. */
  readonly cause: string | null
  readonly mend: string
  /** Whether the same command may succeed later. */
  readonly retriable: boolean
  /** Where the code is explained. */
  readonly page: string
  readonly exitCode: number
}

const USAGE_CODES: readonly ErrorCode[] = ['FW_CONFIG_INVALID', 'FW_REQUEST_INVALID', 'FW_STRATEGY_INVALID']

/** Tells the user what went wrong and returns the exit code. Help and the version are no failure. */
export function reportFailure(
  cause: unknown,
  { report, json }: { readonly report: (text: string) => void; readonly json: boolean },
): number {
  if (cause instanceof CommanderError && cause.exitCode === 0) return EXIT_CODES.done
  const failure = failureOf(cause)
  // Help in place of a missing command has been printed, and says all.
  const isTold = cause instanceof CommanderError && cause.code === 'commander.help' && !json
  if (!isTold) report(json ? `${JSON.stringify(failure)}\n` : failureText(failure))
  return failure.exitCode
}

function failureOf(cause: unknown): Failure {
  if (cause instanceof CommanderError) return usageFailure(cause)
  if (!(cause instanceof ForewarmError)) return unknownFailure(cause)
  const { code, message, retriable } = cause
  const exitCode = USAGE_CODES.includes(code) ? EXIT_CODES.usage : EXIT_CODES.failed
  return { code, message, cause: rootOf(cause), mend: ERROR_MENDS[code], retriable, page: pageOf(code), exitCode }
}

function usageFailure({ code: kind, message }: CommanderError): Failure {
  const code = 'FW_REQUEST_INVALID'
  const said = kind === 'commander.help' ? 'no command is named' : message.replace(/^error: /, '')
  const failure = { code, message: said, cause: null, mend: ERROR_MENDS[code], retriable: false } as const
  return { ...failure, page: pageOf(code), exitCode: EXIT_CODES.usage }
}

function unknownFailure(cause: unknown): Failure {
  const code = 'FW_UNKNOWN'
  const said = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  const failure = { code, message: ERROR_CODES[code], cause: said, mend: ERROR_MENDS[code], retriable: false } as const
  return { ...failure, page: pageOf(code), exitCode: EXIT_CODES.failed }
}

/** What the engine said, where the message does not say it already. */
function rootOf({ message, cause }: ForewarmError): string | null {
  return cause instanceof Error && cause.message !== '' && !message.includes(cause.message) ? cause.message : null
}

/** Whether a word is one of our codes. */
export const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)

/** The heading of a code in docs/errors.md. */
export const pageOf = (code: ErrorCode): string => `docs/errors.md#${code.toLowerCase()}`

function failureText({ code, message, cause, mend, page }: Failure): string {
  return `${[
    `forewarm: ${code}: ${continued(message)}`,
    ...(cause === null ? [] : [`  cause: ${continued(cause)}`]),
    `  mend:  ${mend}`,
    `  more:  ${page}`,
  ].join('\n')}\n`
}

/** Further lines are set in, so that none of them can pass for a line of its own. */
const continued = (text: string): string => text.replaceAll('\n', '\n    ')
