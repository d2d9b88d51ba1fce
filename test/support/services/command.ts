import { spawn } from 'node:child_process'

/** A server of the test harness cannot be had: the message names the cause, `mend` what to do about it. */
export class ServiceError extends Error {
  readonly code = 'FW_TEST_SERVICE_UNAVAILABLE'

  constructor(message: string, mend: string, cause?: unknown) {
    super(`${message}\n  To mend it: ${mend}`, { cause })
    this.name = 'ServiceError'
  }
}

export type CommandOptions = { cwd?: string; env?: Record<string, string>; mend: string }

/** Runs a command to its end and answers with its standard output; a failure becomes a `ServiceError` with its output. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const line = [command, ...args].join(' ')
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', (cause) => reject(new ServiceError(`${line}: ${cause.message}`, options.mend, cause)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout)
      else reject(new ServiceError(`${line}: ended with ${signal ?? code}\n${tail(stdout + stderr)}`, options.mend))
    })
  })
}

/** The last lines of a long output: enough to see why something failed. */
export function tail(text: string, lines = 25): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n')
}

/** One line about slow work (a download), on standard error: standard output belongs to the test report. */
export function progress(message: string): void {
  process.stderr.write(`[services] ${message}\n`)
}
