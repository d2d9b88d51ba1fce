import { createHash } from 'node:crypto'
import type { Access, AccessEvent } from '../../src/model/access.ts'
import type { FileDump, ShardDump } from '../../src/model/dump.ts'
import type { ModelLimits } from '../../src/model/limits.ts'
import type { WarmedFile, WarmOutcome } from '../../src/model/outcome.ts'

/**
 * A second implementation of docs/model.md, written from that page alone: plain lists, searched from end to end, no
 * rows, no caches. It shares nothing with src/model but types and limits. Slow on purpose.
 */
type Count = { name: string; count: number }

type FileState = {
  path: string
  touch: number
  epoch: number
  frequency: number
  lastAccess: number
  times: number[]
  day: Map<number, number>
  week: Map<number, number>
  co: Count[]
  next: Count[]
}

type SessionState = {
  id: string
  analyzer: string
  revision: string | null
  first: number
  last: number
  touch: number
  mark: number
  position: number
  previous: string | null
  window: string[]
  sequence: { path: string; time: number }[]
  publishers: { name: string; next: number }[]
}

type ProfileState = { analyzer: string; epoch: number; sessions: number; closing: number; files: Count[] }

type Open = {
  path: string
  command: string
  reason: string
  disposition: string
  issuedAt: number
  finishedAt: number
  horizonAt: number
  bytes: number
  number: number
}

type Answer = { outcome: string; detail: string }
type Place = { warm: Answer | null; check: Answer | null; version: string | null; bytes: number }

type RunState = {
  run: string
  taking: boolean
  details: string[]
  ends: Record<string, number>
  /** By place in the plan. */
  places: Map<number, Place>
  bytes: number
  first: number
  last: number
  pressureLast: number
  pressureHighest: number
}

type Verdict = 'hit' | 'late' | 'wasted' | 'dropped'
type Settled = { reason: string; disposition: string } & Record<Verdict, number>

const HOUR = 3_600_000
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const newTally = () => ({ hit: 0, warmHit: 0, miss: 0, stale: 0 })

export class Oracle {
  files: FileState[] = []
  open: SessionState[] = []
  closed: SessionState[] = []
  profiles: ProfileState[] = []
  predictions: Open[] = []
  settled: Settled[] = []
  runs: RunState[] = []
  minutes: { minute: number; tally: ReturnType<typeof newTally> }[] = []
  remembered: string[] = []
  revision: { version: string | null; at: number } | null = null
  outcomes = { treated: newTally(), control: newTally() }
  /** Reads with an outcome: group of the control experiment, random group, whether it was a hit. */
  reads: { group: 'treated' | 'control'; number: number; hit: boolean }[] = []
  spans: { from: number; hit: number; late: number; wasted: number }[] = []
  wastedBytes: { reason: string; bytes: number }[] = []
  accesses = 0
  watermark = 0
  outcomeWatermark = 0
  closings = 0
  predicted = 0
  readonly #limits: ModelLimits

  constructor(limits: ModelLimits) {
    this.#limits = limits
  }

  event(event: AccessEvent): void {
    if (event.forget) Object.assign(this, new Oracle(this.#limits))
    for (const [at, access] of event.accesses.entries()) this.#access(event, access, event.sequence + at)
    for (const change of event.changes) {
      if (change.path !== null) continue
      if (this.revision !== null && change.timeMs < this.revision.at) continue
      this.revision = { version: change.version, at: change.timeMs }
    }
    const ended = this.open.find((session) => session.id === event.session)
    if (event.sessionEnded && ended !== undefined) this.#close(ended)
  }

  outcome(outcome: WarmOutcome): void {
    for (const [at, file] of outcome.files.entries()) {
      if (!(outcome.runId === null ? this.#remember(outcome, file) : this.#run(outcome, at, outcome.runId))) continue
      this.outcomeWatermark = Math.max(this.outcomeWatermark, file.finishedAtMs)
      const claims = file.horizonAtMs > 0 && file.reason !== 'request'
      if (claims && outcome.mode === 'warm') this.#predict(outcome, file)
      this.#expire()
    }
  }

  #remember(outcome: WarmOutcome, file: WarmedFile): boolean {
    const name = JSON.stringify([outcome.commandId, file.path, file.layer])
    if (this.remembered.includes(name)) return false
    this.remembered = [...this.remembered, name].slice(-this.#limits.outcomesRememberedMax)
    return true
  }

  #access(event: AccessEvent, access: Access, number: number): void {
    const limits = this.#limits
    const of = (sessions: SessionState[]) => sessions.findLast((one) => one.id === event.session)
    const known = of(this.open) ?? of(this.closed)
    const expected = known?.publishers.find((one) => one.name === event.publisher)?.next ?? 0
    if (event.publisher !== '' && number < expected) return
    const time = access.timeMs
    this.accesses += 1
    this.watermark = Math.max(this.watermark, time)
    const idle = this.open.filter((one) => this.watermark - one.mark > limits.sessionIdleMs)
    for (const one of sortBy(idle, (session) => session.touch).slice(0, 4)) this.#close(one)
    const session = of(this.open) ?? this.#begin(event, time)
    session.touch = this.accesses
    session.mark = this.watermark
    session.position += 1
    session.last = Math.max(session.last, time)
    if (event.publisher !== '') {
      session.publishers = session.publishers.filter((one) => one.name !== event.publisher)
      session.publishers = [...session.publishers, { name: event.publisher, next: number + 1 }].slice(-16)
    }
    this.#count(session, access)
    if (access.outcome !== 'unknown') {
      this.outcomes[this.#group(access.path)][access.outcome] += 1
      const number = Number.parseInt(sha256(access.path).slice(0, 8), 16) % 64
      this.reads.push({ group: this.#group(access.path), number, hit: /hit/i.test(access.outcome) })
      if (this.#group(access.path) === 'treated') this.#minute(time, access.outcome)
    }
    for (const one of this.predictions.filter((open) => open.path === access.path && open.issuedAt < time)) {
      this.#settle(one, this.#verdict(one, time), time)
    }
    this.#expire()
  }

  #count(session: SessionState, access: Access): void {
    const limits = this.#limits
    const { path, timeMs: time } = access
    const epoch = Math.floor(time / limits.halfLifeMs)
    const file = this.#file(path, epoch)
    file.touch = this.accesses
    if (this.files.length > limits.filesMax) {
      const oldest = sortBy(this.files, (one) => one.touch)[0]
      this.files = this.files.filter((one) => one !== oldest)
    }
    this.#fade(file, epoch)
    file.lastAccess = Math.max(file.lastAccess, time)
    file.times = sortBy([...file.times, time], (one) => one).slice(-limits.accessTimesMax)
    if (file.epoch === epoch) {
      file.frequency += 1
      addTo(file.day, Math.floor(time / HOUR) % 24)
      addTo(file.week, (Math.floor(time / HOUR) + 72) % 168)
    }
    for (const name of session.window) {
      const other = this.files.find((one) => one.path === name)
      if (other === undefined || name === path) continue
      this.#fade(other, epoch)
      if (file.epoch === epoch) file.co = increased(file.co, name, limits.coAccessMax)
      if (other.epoch === epoch) other.co = increased(other.co, path, limits.coAccessMax)
    }
    session.window = [path, ...session.window.filter((name) => name !== path)].slice(0, limits.coAccessWindow)
    const previous = this.files.find((one) => one.path === session.previous)
    if (previous !== undefined && previous !== file) {
      this.#fade(previous, epoch)
      if (previous.epoch === epoch) previous.next = increased(previous.next, path, limits.successorsMax)
    }
    session.previous = path
    if (session.sequence.length < limits.sequenceMax) session.sequence.push({ path, time })
  }

  #file(path: string, epoch: number): FileState {
    const known = this.files.find((one) => one.path === path)
    if (known !== undefined) return known
    const counts = { frequency: 0, lastAccess: 0, times: [], day: new Map(), week: new Map(), co: [], next: [] }
    const file: FileState = { path, touch: 0, epoch, ...counts }
    this.files.push(file)
    return file
  }

  #fade(file: FileState, epoch: number): void {
    while (file.epoch < epoch) {
      if (epoch - file.epoch >= Math.floor(this.#limits.memoryMs / this.#limits.halfLifeMs)) {
        const counts = { frequency: 0, times: [], day: new Map(), week: new Map(), co: [], next: [] }
        Object.assign(file, counts, { epoch })
        return
      }
      this.#halve(file, epoch - file.epoch)
      file.epoch = epoch
    }
  }

  #halve(file: FileState, times: number): void {
    for (let time = 0; time < times; time += 1) {
      file.frequency = Math.floor(file.frequency / 2)
      file.day = halvedMap(file.day)
      file.week = halvedMap(file.week)
      file.co = halved(file.co)
      file.next = halved(file.next)
    }
  }

  #begin(event: AccessEvent, time: number): SessionState {
    const eldest = sortBy(this.open, (session) => session.touch)[0]
    if (eldest !== undefined && this.open.length >= this.#limits.openSessionsMax) this.#close(eldest)
    const before = this.closed.findLast((session) => session.id === event.session)
    const session: SessionState = {
      id: event.session,
      analyzer: event.analyzer,
      revision: event.revision,
      first: time,
      last: time,
      touch: 0,
      mark: 0,
      position: 0,
      previous: null,
      window: [],
      sequence: [],
      publishers: [...(before?.publishers ?? [])],
    }
    this.open.push(session)
    return session
  }

  #close(session: SessionState): void {
    const limits = this.#limits
    this.open = this.open.filter((one) => one !== session)
    this.closed = [...this.closed, session].slice(-limits.closedSessionsMax)
    this.closings += 1
    const epoch = Math.floor(session.last / limits.halfLifeMs)
    let profile = this.profiles.find((one) => one.analyzer === session.analyzer)
    if (profile === undefined) {
      const stalest = sortBy(this.profiles, (one) => one.closing)[0]
      if (this.profiles.length >= limits.analyzersMax) this.profiles = this.profiles.filter((one) => one !== stalest)
      profile = { analyzer: session.analyzer, epoch, sessions: 0, closing: 0, files: [] }
      this.profiles.push(profile)
    }
    profile.closing = this.closings
    for (; profile.epoch < epoch; profile.epoch += 1) {
      const gone = epoch - profile.epoch >= Math.floor(limits.memoryMs / limits.halfLifeMs)
      profile.sessions = gone ? 0 : Math.floor(profile.sessions / 2)
      profile.files = gone ? [] : halved(profile.files)
    }
    if (profile.epoch > epoch) return
    profile.sessions += 1
    const paths = session.sequence.map((entry) => entry.path)
    const distinct = paths.filter((path, at) => paths.indexOf(path) === at)
    for (const path of distinct) profile.files = increased(profile.files, path, limits.profileFilesMax)
  }

  #minute(time: number, outcome: 'hit' | 'warmHit' | 'miss' | 'stale'): void {
    const minute = Math.floor(time / 60_000) * 60_000
    const entry = this.minutes.find((one) => one.minute === minute) ?? { minute, tally: newTally() }
    entry.tally[outcome] += 1
    this.minutes = [...this.minutes.filter((one) => one !== entry), entry].slice(-this.#limits.minutesMax)
  }

  #run(outcome: WarmOutcome, at: number, id: string): boolean {
    const { runChunk, runChunksMax } = this.#limits
    const [place, file] = [outcome.firstFile + at, outcome.files[at]]
    if (file === undefined || place >= runChunk * runChunksMax) return false
    let run = this.runs.find((one) => one.run === id)
    if (run !== undefined && (!run.taking || run.places.get(place)?.[outcome.mode])) return false
    if (run === undefined) {
      const none = { bytes: 0, first: file.finishedAtMs, last: 0, pressureLast: 0, pressureHighest: 0 }
      run = { run: id, taking: true, details: ['', 'other'], ends: {}, places: new Map(), ...none }
      this.runs.push(run)
    }
    const before = this.#rowsOf(run)
    this.#answer(run, { place, mode: outcome.mode, file })
    const pressure = Math.round(outcome.pressure * 1e6)
    run.first = Math.min(run.first, file.finishedAtMs)
    run.pressureHighest = Math.max(run.pressureHighest, pressure)
    if (file.finishedAtMs >= run.last) Object.assign(run, { last: file.finishedAtMs, pressureLast: pressure })
    if (this.#rowsOf(run) > before) this.#tellToLeave(run)
    this.#leave()
    return true
  }

  #answer(run: RunState, told: { place: number; mode: 'warm' | 'check'; file: WarmedFile }): void {
    const { place, mode, file } = told
    let { detail } = file
    if (!run.details.includes(detail) && run.details.length < 32) run.details.push(detail)
    if (!run.details.includes(detail)) detail = 'other'
    const known = run.places.get(place)
    const one = known ?? { warm: null, check: null, version: null, bytes: 0 }
    if (known !== undefined) countEnd(run, known, -1)
    one[mode] = { outcome: file.outcome, detail }
    one.version ??= file.version
    if (mode === 'warm') {
      one.bytes = file.bytes
      run.bytes += file.bytes
    }
    run.places.set(place, one)
    countEnd(run, one, 1)
  }

  /** Chunks of the plan that have an answer. */
  #rowsOf(run: RunState): number {
    return new Set([...run.places.keys()].map((place) => Math.floor(place / this.#limits.runChunk))).size
  }

  #tellToLeave(current: RunState): void {
    const { runsMax, runDetailsMax, runChunksMax } = this.#limits
    for (const run of this.runs.slice(0, -Math.min(runsMax, runDetailsMax))) run.taking = false
    for (const run of this.runs) {
      const taking = this.runs.filter((one) => one.taking)
      const rows = taking.reduce((sum, one) => sum + this.#rowsOf(one), 0)
      if (rows > runChunksMax && run !== current) run.taking = false
    }
  }

  #leave(): void {
    for (let rows = 0; rows < 16; rows += 1) {
      const run = this.runs.find((one) => !one.taking && one.places.size > 0)
      if (run === undefined) break
      const chunk = Math.floor(Math.min(...run.places.keys()) / this.#limits.runChunk)
      for (const place of [...run.places.keys()]) {
        if (Math.floor(place / this.#limits.runChunk) === chunk) run.places.delete(place)
      }
    }
    for (let runs = 0; runs < 2 && this.runs.length > this.#limits.runsMax; runs += 1) {
      if (this.runs[0]?.places.size === 0) this.runs.shift()
    }
  }

  #predict(outcome: WarmOutcome, file: WarmedFile): void {
    const prediction: Open = {
      path: file.path,
      command: outcome.commandId,
      reason: file.reason,
      disposition: file.outcome === 'refreshed' ? 'warmed' : file.outcome,
      issuedAt: outcome.issuedAtMs,
      finishedAt: file.finishedAtMs,
      horizonAt: file.horizonAtMs,
      bytes: file.bytes,
      number: this.predicted,
    }
    if (!['warmed', 'refreshed', 'present', 'control'].includes(file.outcome)) {
      this.#settle(prediction, 'dropped')
      return
    }
    this.predicted += 1
    const times = this.files.find((one) => one.path === file.path)?.times ?? []
    const read = times.find((time) => time > outcome.issuedAtMs)
    if (read === undefined) this.#keepOpen(prediction)
    else this.#settle(prediction, this.#verdict(prediction, read), read)
  }

  #keepOpen(prediction: Open): void {
    this.predictions.push(prediction)
    const ofFile = this.predictions.filter((open) => open.path === prediction.path)
    const [first] = ofFile
    if (first !== undefined && ofFile.length > this.#limits.openPredictionsPerFileMax) this.#settle(first, 'wasted')
    const [due] = this.#byHorizon()
    if (due !== undefined && this.predictions.length > this.#limits.openPredictionsMax) this.#settle(due, 'wasted')
  }

  #byHorizon(): Open[] {
    return sortBy(
      sortBy(this.predictions, (open) => open.number),
      (open) => open.horizonAt,
    )
  }

  #verdict(open: Open, time: number): Verdict {
    if (time > open.horizonAt) return 'wasted'
    return open.disposition === 'warmed' && time < open.finishedAt ? 'late' : 'hit'
  }

  #settle(open: Open, verdict: Verdict, read = 0): void {
    this.predictions = this.predictions.filter((one) => one !== open)
    const reasons = new Set(this.settled.map((one) => one.reason))
    const reason = reasons.has(open.reason) || reasons.size < 32 ? open.reason : 'other'
    let tally = this.settled.find((one) => one.reason === reason && one.disposition === open.disposition)
    if (tally === undefined) {
      tally = { reason, disposition: open.disposition, hit: 0, late: 0, wasted: 0, dropped: 0 }
      this.settled.push(tally)
    }
    tally[verdict] += 1
    if (open.disposition === 'warmed' && verdict !== 'dropped') this.#span(open, verdict, read)
  }

  #span(open: Open, verdict: 'hit' | 'late' | 'wasted', read: number): void {
    const from = Math.floor((verdict === 'wasted' ? open.horizonAt : read) / 900_000) * 900_000
    const span = this.spans.find((one) => one.from === from) ?? { from, hit: 0, late: 0, wasted: 0 }
    span[verdict] += 1
    this.spans = [...this.spans.filter((one) => one !== span), span].slice(-96)
    if (verdict !== 'wasted') return
    const isKnown = this.wastedBytes.some((one) => one.reason === open.reason) || this.wastedBytes.length < 32
    const reason = isKnown ? open.reason : 'other'
    const waste = this.wastedBytes.find((one) => one.reason === reason) ?? { reason, bytes: 0 }
    waste.bytes += open.bytes
    this.wastedBytes = [...this.wastedBytes.filter((one) => one !== waste), waste]
  }

  #expire(): void {
    const passed = Math.min(this.watermark, this.outcomeWatermark) - 60_000
    for (const open of this.#byHorizon().slice(0, 16)) if (open.horizonAt < passed) this.#settle(open, 'wasted')
  }

  #group(path: string): 'treated' | 'control' {
    const digits = sha256(path).slice(8, 16)
    return Number.parseInt(digits, 16) % 50 === 0 ? 'control' : 'treated'
  }

  dumpFiles(): FileDump[] {
    return this.files.map((file) => ({
      path: file.path,
      frequency: file.frequency,
      lastAccess: file.lastAccess,
      accessTimes: file.times,
      coAccess: this.#shown(file.co),
      successors: this.#shown(file.next),
      hoursOfDay: Object.fromEntries(file.day),
      hoursOfWeek: Object.fromEntries(file.week),
    }))
  }

  dumpShard(): ShardDump {
    const shape = (one: SessionState) => ({
      session: one.id,
      analyzer: one.analyzer,
      revision: one.revision,
      first: one.first,
      last: one.last,
      accesses: one.position,
      length: one.sequence.length,
    })
    const open = sortBy(this.open, (session) => session.touch)
    return {
      accesses: this.accesses,
      watermark: this.watermark,
      outcomeWatermark: this.outcomeWatermark,
      files: this.files.length,
      revision: this.revision,
      accessOutcomes: this.outcomes,
      settlements: this.settled,
      readGroups: { treated: this.#groupReads('treated'), control: this.#groupReads('control') },
      settledSpans: sortBy(this.spans, (one) => one.from),
      wastedBytes: Object.fromEntries(this.wastedBytes.map(({ reason, bytes }) => [reason, bytes])),
      openSessions: open.map((one) => ({ ...shape(one), window: one.window.filter((name) => this.#has(name)) })),
      closedSessions: this.closed.map(shape),
      profiles: this.profiles.map((one) => ({
        analyzer: one.analyzer,
        sessions: one.sessions,
        files: this.#shown(one.files),
      })),
      openPredictions: this.predictions.map(({ number, ...open }) => open),
      runs: this.runs.map((one) => ({
        run: one.run,
        kept: one.taking,
        ends: one.ends,
        bytes: one.bytes,
        firstAt: one.first,
        lastAt: one.last,
        pressure: { last: one.pressureLast / 1e6, highest: one.pressureHighest / 1e6 },
        files: Object.fromEntries(
          [...one.places].map(([place, file]) => [place, `${shownEnd(file)} ${file.version ?? '-'} ${file.bytes}`]),
        ),
      })),
      minutes: this.minutes.map(({ minute, tally }) => ({ minute, ...tally })),
    }
  }

  #groupReads(group: 'treated' | 'control'): Record<string, string> {
    const own = this.reads.filter((read) => read.group === group)
    const numbers = [...new Set(own.map(({ number }) => number))]
    const text = (reads: typeof own) => `${reads.length}/${reads.filter(({ hit }) => hit).length}`
    return Object.fromEntries(numbers.map((number) => [number, text(own.filter((read) => read.number === number))]))
  }

  #has(path: string): boolean {
    return this.files.some((file) => file.path === path)
  }

  #shown(counts: Count[]): Record<string, number> {
    return Object.fromEntries(counts.filter(({ name }) => this.#has(name)).map(({ name, count }) => [name, count]))
  }
}

const shownAnswer = (answer: Answer | null): string =>
  answer === null ? '-' : [answer.outcome, answer.detail].filter((word) => word !== '').join('/')

const shownEnd = ({ warm, check }: Place): string => `${shownAnswer(warm)} + ${shownAnswer(check)}`

function countEnd(run: RunState, place: Place, by: number): void {
  const end = shownEnd(place)
  run.ends[end] = (run.ends[end] ?? 0) + by
  if (run.ends[end] === 0) delete run.ends[end]
}

const sortBy = <Item>(items: Item[], key: (item: Item) => number): Item[] =>
  [...items].sort((one, other) => key(one) - key(other))

const addTo = (counts: Map<number, number>, hour: number): void => {
  counts.set(hour, (counts.get(hour) ?? 0) + 1)
}

const halved = (counts: Count[]): Count[] =>
  counts.map(({ name, count }) => ({ name, count: Math.floor(count / 2) })).filter(({ count }) => count > 0)

const halvedMap = (counts: Map<number, number>): Map<number, number> =>
  new Map([...counts].map(([hour, count]) => [hour, Math.floor(count / 2)] as const).filter(([, count]) => count > 0))

/** Counts with one more for `name`, in front; in a full list a new name takes the place of the weakest. */
function increased(counts: Count[], name: string, max: number): Count[] {
  const known = counts.find((one) => one.name === name)
  let others = counts.filter((one) => one.name !== name)
  if (known === undefined && others.length >= max) {
    const least = Math.min(...others.map((one) => one.count))
    const weakest = others.findLast((one) => one.count === least)
    others = others.filter((one) => one !== weakest)
  }
  return [{ name, count: (known?.count ?? 0) + 1 }, ...others]
}
