import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ServiceError, tail } from './command.ts'
import { watchChild } from './reaper.ts'

const startupMsMax = 90_000
const stopMsMax = 15_000
const pollMs = 50

export type ServerSpec = {
  /** For messages. */
  name: string
  command: string
  args: readonly string[]
  env?: Record<string, string>
  cwd: string
  logFile: string
  /** Asked again and again until it answers true; `log` reads what this start has written so far. */
  isReady: (log: () => string) => boolean | Promise<boolean>
  /** What to do when it does not start. */
  mend: string
}

/** One server as a child process that can be killed, paused and restarted on the same ports and data. */
export class ServerProcess {
  readonly #spec: ServerSpec
  #child: ChildProcess | undefined
  #logStart = 0

  constructor(spec: ServerSpec) {
    this.#spec = spec
  }

  /** The id of the running process. */
  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined || !this.isRunning) throw new Error(`${this.#spec.name} is not running`)
    return pid
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What the server wrote since its last start. */
  log(): string {
    return readFileSync(this.#spec.logFile).subarray(this.#logStart).toString()
  }

  /** Starts the process and resolves once it serves. */
  async start(): Promise<void> {
    const { name, command, args, cwd, env, logFile } = this.#spec
    this.#logStart = existsSync(logFile) ? statSync(logFile).size : 0
    const log = openSync(logFile, 'a')
    // Its own process group: Ctrl-C in the terminal reaches the test runner, which then stops the servers in order.
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    })
    closeSync(log)
    let spawnError: Error | undefined
    this.#child.once('error', (error) => {
      spawnError = error
    })
    watchChild(this.#child, name)
    const deadlineMs = performance.now() + startupMsMax
    while (!(await this.#spec.isReady(() => this.log()))) {
      if (spawnError || !this.isRunning) throw this.#failure(spawnError?.message ?? 'it ended')
      if (performance.now() > deadlineMs) {
        await this.kill()
        throw this.#failure(`not ready within ${startupMsMax / 1000} s`)
      }
      await delay(pollMs)
    }
  }

  /** Sends a signal; resolves when the process is gone. The default is what a crash looks like. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  /** Freezes the process: its connections stay open and nothing answers. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** Starts again on the same ports and data; stops in order first if it still runs. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Asks the process to end, and kills it when it does not. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    // A paused process sees the request only once it runs again.
    child.kill('SIGCONT')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
    await exited
    clearTimeout(timer)
  }

  #failure(reason: string): ServiceError {
    return new ServiceError(`${this.#spec.name} did not start: ${reason}\n${tail(this.log())}`, this.#spec.mend)
  }
}
