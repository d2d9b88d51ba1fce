import { relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { styleText } from 'node:util'
import { modelReader, type Parts } from '../../src/compose/parts.ts'
import type { Learned } from '../../src/ports/model-reader.ts'
import { ANALYZERS } from './analyzers.ts'
import { type Figures, figuresOf, summaryOf } from './figures.ts'
import { type FilesDone, Fleet, type SessionResult, versionsIn } from './fleet.ts'
import { HORIZON_MS, type Places, startUp, stopUp, type Up, WORKSPACE } from './product.ts'
import type { Progress } from './progress.ts'
import type { Revision } from './revisions.ts'
import { HEADING, sessionLine } from './table.ts'

export type DemoOptions = {
  readonly root: string
  readonly places: Places
  readonly revisions: readonly Revision[]
  readonly rounds: number
  readonly say: (line?: string) => void
  readonly progress: Progress
}

/** Ingest calls a prediction wasted once the event time is a minute past its horizon. */
const SETTLE_MS = HORIZON_MS + 61_000
const SETTLE_STEP_MS = 1_000
const STANDSTILL_MS_MAX = 60_000

/** The sessions of the demonstration and the product beside them. */
export class Demo {
  readonly #options: DemoOptions
  readonly #fleet: Fleet
  readonly #learned: () => Promise<Learned | null>
  #up: Up | null = null
  #round = 0

  constructor(parts: Parts, options: DemoOptions) {
    this.#options = options
    this.#fleet = new Fleet(parts, WORKSPACE, options.places.checkout)
    const reader = modelReader(parts)
    this.#learned = () => reader.learned(WORKSPACE)
  }

  /** Plays all rounds; with `settle`, until the fate of every prediction is known. */
  async run({ settle }: { settle: boolean }): Promise<Figures> {
    const { root, places, rounds, say } = this.#options
    const known = (await this.#learned())?.accesses ?? 0
    say(`\nBefore: the shared cache alone\n${HEADING}`)
    const before = await this.#play(rounds)
    this.#up = await startUp(root, places)
    say(`\nforewarm up, at ${this.#up.url}, learns from the log of these sessions`)
    await this.#untilLearned(known + before.reduce((sum, { reads }) => sum + reads, 0))
    say(`After: the same cache, warmed ahead of the reads\n${HEADING}`)
    const after = await this.#play(rounds)
    if (settle) await this.#settle()
    const figures = figuresOf(warmedUp(before), warmedUp(after), await this.#learned())
    say(`\n${summaryOf(figures)}`)
    return figures
  }

  /** Ends the product and the fleet; resolves with the exit code. */
  async end(): Promise<number> {
    await this.#fleet.close()
    return this.#up === null ? 0 : ((await stopUp(this.#up)) ?? 1)
  }

  /** Leaves the product running for the reader's own events; resolves with its exit code when it ends. */
  async stayUp(): Promise<number> {
    const { root, places, say } = this.#options
    await this.#fleet.close()
    const up = this.#up
    if (up === null) return 1
    const forewarm = `.bin/forewarm --config ${relative(root, places.settings)}`
    say(`\nforewarm stays up: its live page is ${up.url}/. Try, in another terminal:`)
    say(`  curl ${up.url}/v1/workspaces/${WORKSPACE}/status`)
    say(`  ${forewarm} record --workspace ${WORKSPACE} --summary -- cat README.md`)
    say(`  ${forewarm} model dump --workspace ${WORKSPACE} --json`)
    say(`  the HTTP interface: ${up.url}/openapi.json    its log: ${places.log}`)
    say(styleText('dim', 'Ctrl-C ends it; the next start goes on with what it has learned.'))
    process.once('SIGINT', () => up.child.kill('SIGTERM')).once('SIGTERM', () => up.child.kill('SIGTERM'))
    return up.child.exitCode ?? new Promise((resolve) => up.child.once('exit', (code) => resolve(code ?? 1)))
  }

  async #play(rounds: number): Promise<SessionResult[]> {
    const results: SessionResult[] = []
    for (let round = 0; round < rounds; round += 1) results.push(...(await this.#playRound()))
    return results
  }

  async #playRound(): Promise<SessionResult[]> {
    const { revisions, places, say, progress } = this.#options
    const revision = revisions[this.#round % revisions.length]
    if (revision === undefined) return []
    this.#round += 1
    revision.checkOut(places.checkout)
    const versions = versionsIn(places.checkout)
    const results: SessionResult[] = []
    for (const analyzer of ANALYZERS) {
      const told = ({ done, of }: FilesDone) =>
        progress.tell(`round ${this.#round}, ${analyzer.name}: ${done} of ${of} files`)
      const result = { ...(await this.#fleet.run(analyzer, revision.name, versions, told)), round: this.#round }
      const accuracy = this.#up === null ? null : ((await this.#learned())?.proof.accuracy ?? null)
      say(sessionLine(this.#round, revision.name, result, accuracy))
      results.push(result)
    }
    return results
  }

  async #untilLearned(accesses: number): Promise<void> {
    let [last, lastMs] = [0, performance.now()]
    const { places, progress } = this.#options
    for (;;) {
      const learned = (await this.#learned())?.accesses ?? 0
      if (learned >= accesses) return
      if (learned > last) [last, lastMs] = [learned, performance.now()]
      progress.tell(`${learned} of ${accesses} reads learned`)
      if (this.#up?.child.exitCode != null) throw new Error(`forewarm up has ended: see ${places.log}`)
      if (performance.now() - lastMs > STANDSTILL_MS_MAX)
        throw new Error(`the model does not come along for ${STANDSTILL_MS_MAX / 1_000} s: see ${places.log}`)
      await delay(50)
    }
  }

  /** Lets the horizons pass, then moves the event time on by two sessions: their accesses settle what is open. */
  async #settle(): Promise<void> {
    const { say, progress } = this.#options
    say(styleText('dim', `waiting ${SETTLE_MS / 1_000} s until every prediction is settled: hit, late or wasted`))
    for (let leftMs = SETTLE_MS; leftMs > 0; leftMs -= SETTLE_STEP_MS) {
      progress.tell(`${leftMs / 1_000} s left`)
      await delay(Math.min(SETTLE_STEP_MS, leftMs))
    }
    const before = (await this.#learned())?.accesses ?? 0
    const results = [...(await this.#playRound()), ...(await this.#playRound())]
    await this.#untilLearned(before + results.reduce((sum, { reads }) => sum + reads, 0))
  }
}

/** A phase without its first round, which begins with what the phase before has left in the cache. */
const warmedUp = (results: readonly SessionResult[]): readonly SessionResult[] =>
  results.filter(({ round }) => round > (results[0]?.round ?? 0))
