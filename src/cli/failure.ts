/** How a command ends when it fails: one clear line with code and mend, and an exit code. */
import { CommanderError } from 'commander'
import { ForewarmError } from '../ports/errors.ts'
import { EXIT_CODES } from '../process.ts'

/** Tells the user what went wrong and returns the exit code. */
export function reportFailure(cause: unknown, write: (text: string) => void): number {
  // commander has written its own message, also that of --help and --version.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage
  if (cause instanceof ForewarmError) {
    write(`forewarm: ${cause.code}: ${cause.message}${rootOf(cause)}\n`)
    return ['FW_CONFIG_INVALID', 'FW_REQUEST_INVALID', 'FW_STRATEGY_INVALID'].includes(cause.code)
      ? EXIT_CODES.usage
      : EXIT_CODES.failed
  }
  write(`forewarm: unknown error, please report it: ${cause instanceof Error ? cause.stack : String(cause)}\n`)
  return EXIT_CODES.failed
}

/** What the engine said, where the message does not say it already. */
function rootOf({ message, cause }: ForewarmError): string {
  return cause instanceof Error && cause.message !== '' && !message.includes(cause.message) ? ` (${cause.message})` : ''
}
