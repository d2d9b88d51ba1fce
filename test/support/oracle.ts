import type { Access, AccessEvent } from '../../src/model/access.ts'
import type { FileDump, ShardDump } from '../../src/model/dump.ts'
import type { ModelLimits } from '../../src/model/limits.ts'
import type { WarmedFile, WarmOutcome } from '../../src/model/outcome.ts'
import { addTo, type Count, halved, halvedMap, increased, sortBy } from './oracle/counts.ts'
import { OraclePredictions } from './oracle/predictions.ts'
import { OracleReads } from './oracle/reads.ts'
import { OracleRuns } from './oracle/runs.ts'

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

const HOUR = 3_600_000
/**
 * A second implementation of docs/model.md, written from that page alone: plain lists, searched from end to end, no
 * rows, no caches. It shares nothing with src/model but types and limits. Slow on purpose.
 */
export class Oracle {
  files: FileState[] = []
  open: SessionState[] = []
  closed: SessionState[] = []
  profiles: ProfileState[] = []
  predictions: OraclePredictions
  reads: OracleReads
  runs: OracleRuns
  remembered: string[] = []
  revision: { version: string | null; at: number } | null = null
  accesses = 0
  watermark = 0
  outcomeWatermark = 0
  closings = 0
  readonly #limits: ModelLimits

  constructor(limits: ModelLimits) {
    this.#limits = limits
    this.predictions = new OraclePredictions(limits)
    this.reads = new OracleReads(limits)
    this.runs = new OracleRuns(limits)
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
      if (!(outcome.runId === null ? this.#remember(outcome, file) : this.runs.take(outcome, at, outcome.runId)))
        continue
      this.outcomeWatermark = Math.max(this.outcomeWatermark, file.finishedAtMs)
      const claims = file.horizonAtMs > 0 && file.reason !== 'request'
      const times = this.files.find((one) => one.path === file.path)?.times ?? []
      if (claims && outcome.mode === 'warm') this.predictions.predict(outcome, file, times)
      this.#expire()
    }
  }

  #expire(): void {
    this.predictions.expire(Math.min(this.watermark, this.outcomeWatermark) - 60_000)
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
    this.reads.count(access.path, time, access.outcome)
    this.predictions.read(access.path, time)
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
      openSessions: open.map((one) => ({ ...shape(one), window: one.window.filter((name) => this.#has(name)) })),
      closedSessions: this.closed.map(shape),
      profiles: this.profiles.map((one) => ({
        analyzer: one.analyzer,
        sessions: one.sessions,
        files: this.#shown(one.files),
      })),
      runs: this.runs.dump(),
      ...this.reads.dump(),
      ...this.predictions.dump(),
    }
  }

  #has(path: string): boolean {
    return this.files.some((file) => file.path === path)
  }

  #shown(counts: Count[]): Record<string, number> {
    return Object.fromEntries(counts.filter(({ name }) => this.#has(name)).map(({ name, count }) => [name, count]))
  }
}
