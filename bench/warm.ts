/**
 * Megabytes a second that one worker brings from a directory into the cache, commands and outcomes on Kafka included,
 * beside `redis-cli --pipe`, which writes the same bytes into the same Redis from a file that holds them ready.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sha256Hex } from '../src/adapters/digest.ts'
import { SILENT_LOG } from '../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../src/adapters/telemetry/silent.ts'
import { type Engines, openEngines } from '../src/compose/engines.ts'
import { openLayers } from '../src/compose/layers.ts'
import { openOrigins } from '../src/compose/origins.ts'
import { startWarm } from '../src/compose/warm.ts'
import { Heartbeat } from '../src/heartbeat.ts'
import { shortId } from '../src/model/identity.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import type { WarmCommand } from '../src/warming/command.ts'
import { findRedis } from '../test/support/services/redis-binary.ts'
import type { Bench } from './report.ts'
import { openSite, removeKeys, type Servers } from './servers.ts'
import { random } from './workload.ts'

const WORKSPACE = 'warmed'
/** What one round holds for each second that it may take, about. */
const BYTES_PER_SECOND = 12_000_000
const FILE_BYTES = { min: 1_024, max: 65_536 }
const FILES_PER_COMMAND = 64
const MEGABYTE = 1_000_000
const TTL_MS = 600_000

type File = { readonly path: string; readonly bytes: Uint8Array }

export const measureWarm: Bench = async ({ servers, seconds, rounds, progress }) => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-bench-'))
  try {
    const files = await createFiles(seconds * BYTES_PER_SECOND)
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0)
    const directory = join(folder, 'origin')
    for (const file of files) {
      await mkdir(dirname(join(directory, file.path)), { recursive: true })
      await writeFile(join(directory, file.path), file.bytes)
    }
    progress(`${files.length} files of ${(bytes / MEGABYTE).toFixed(1)} MB`)
    const measured = []
    for (let round = 1; round <= rounds; round += 1) {
      const reference = bytes / MEGABYTE / (await pipeSeconds(await servers.cacheRedis(), files, folder))
      const value = bytes / MEGABYTE / (await warmSeconds(servers, files, directory))
      measured.push({ value, reference })
      progress(`round ${round}: ${value.toFixed(1)} MB/s`)
    }
    return [
      { measure: 'directory to cache by one worker', unit: 'MB/s', reference: 'redis-cli --pipe', rounds: measured },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Source text of this repository, cut so that no two files are alike and many are small. */
async function createFiles(bytesWanted: number): Promise<File[]> {
  const text = await sourceText()
  const next = random(11)
  const files: File[] = []
  for (let left = bytesWanted; left > 0; ) {
    const size = Math.round(FILE_BYTES.min * (FILE_BYTES.max / FILE_BYTES.min) ** next())
    const at = Math.floor(next() * (text.length - size))
    const bytes = Buffer.concat([Buffer.from(`// ${files.length}\n`), text.subarray(at, at + size)])
    files.push({ path: `src/part-${files.length % 50}/file-${files.length}.ts`, bytes })
    left -= bytes.length
  }
  return files
}

async function sourceText(): Promise<Buffer> {
  const source = new URL('../src/', import.meta.url)
  const names = (await readdir(source, { recursive: true })).filter((name) => name.endsWith('.ts')).sort()
  return Buffer.concat(await Promise.all(names.map((name) => readFile(new URL(name, source)))))
}

/** Puts all commands on topics of their own, then starts a worker; from its first batch to its last outcome. */
async function warmSeconds(servers: Servers, files: readonly File[], directory: string): Promise<number> {
  const site = await openSite(servers)
  const settings = site.settings({ workspaces: { [WORKSPACE]: { origin: { directory } } } })
  const reporting = { logger: SILENT_LOG, telemetry: createSilentTelemetry() }
  const opened = openEngines(settings, reporting)
  try {
    const commands = commandsOf(files)
    const timed = timeOutcomes(opened.log, commands.length)
    const engines: Engines = { ...opened, log: timed.log }
    const records = commands.map(async (command) => ({
      key: command.id,
      value: await engines.codec.encode('warm-commands', command),
      headers: new Map<string, string>(),
    }))
    await engines.log.append('warm-commands', await Promise.all(records))
    const { origins } = openOrigins(settings, { ...reporting, notes: () => engines.store().notes })
    const heartbeat = new Heartbeat(settings.health.stallMs, () => engines.clock.monotonicMs())
    const stage = await startWarm({
      ...reporting,
      settings,
      engines,
      heartbeat,
      origins,
      ...openLayers({ settings, clock: engines.clock, origins, notes: () => engines.store().notes }),
    })
    const seconds = await Promise.race([timed.seconds, stage.failed])
    const { entries } = await engines.cache().stats(shortId(WORKSPACE, sha256Hex))
    if (entries !== files.length) throw new Error(`${entries} of ${files.length} files are in the cache`)
    await stage.stop()
    return seconds
  } finally {
    await opened.close()
    await site.remove()
  }
}

function commandsOf(files: readonly File[]): WarmCommand[] {
  const nowMs = Date.now()
  const deadlineMs = nowMs + TTL_MS
  return Array.from({ length: Math.ceil(files.length / FILES_PER_COMMAND) }, (_, at) => ({
    id: `command-${at}`,
    workspace: WORKSPACE,
    shard: 0,
    runId: null,
    session: null,
    revision: null,
    issuedAtMs: nowMs,
    deadlineMs,
    mode: 'warm',
    firstFile: 0,
    parallelMax: 0,
    bytesPerSecondMax: 0,
    bytesMax: FILES_PER_COMMAND * FILE_BYTES.max * 2,
    pressureMax: 1,
    files: files.slice(at * FILES_PER_COMMAND, (at + 1) * FILES_PER_COMMAND).map(({ path }) => ({
      path,
      layer: 'content',
      version: null,
      reason: 'request',
      probability: 1,
      expectedAtMs: nowMs,
      horizonAtMs: deadlineMs,
      control: false,
    })),
  }))
}

/** Times from the first batch that is delivered until so many outcomes are on the log. */
function timeOutcomes(inner: EventLog, outcomes: number): { log: EventLog; seconds: Promise<number> } {
  const done = Promise.withResolvers<number>()
  let startMs: number | null = null
  let left = outcomes
  const log: EventLog = {
    ...inner,
    append: async (topic, records) => {
      const places = await inner.append(topic, records)
      if (topic === 'warm-outcomes') left -= records.length
      if (left <= 0 && startMs !== null) done.resolve((performance.now() - startMs) / 1_000)
      return places
    },
    consume: (options, handler) =>
      inner.consume(options, {
        assigned: (partitions) => handler.assigned(partitions),
        revoked: (partitions) => handler.revoked(partitions),
        batch: (batch, signal) => {
          startMs ??= performance.now()
          return handler.batch(batch, signal)
        },
      }),
  }
  return { log, seconds: done.promise }
}

/** Writes the files' bytes as they are, from a file of ready commands. */
async function pipeSeconds(url: string, files: readonly File[], folder: string): Promise<number> {
  const commands = join(folder, 'commands.resp')
  const prefix = `bench-pipe-${process.pid}:`
  await writeFile(commands, Buffer.concat(files.map(({ path, bytes }) => setCommand(prefix + path, bytes))))
  const server = await findRedis()
  const client = server.command.replace(/(redis|valkey)-server$/, '$1-cli')
  const { hostname, port } = new URL(url)
  const input = await open(commands)
  try {
    const startMs = performance.now()
    const child = spawn(client, ['-h', hostname, '-p', port, '--pipe'], {
      env: { ...process.env, ...server.env },
      stdio: [input.fd, 'ignore', 'inherit'],
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${client} ended with ${code}`)
    return (performance.now() - startMs) / 1_000
  } finally {
    await input.close()
    await removeKeys(url, `${prefix}*`)
  }
}

function setCommand(key: string, value: Uint8Array): Buffer {
  const parts = [
    ...['SET', key].map((text) => Buffer.from(text)),
    value,
    Buffer.from('PX'),
    Buffer.from(String(TTL_MS)),
  ]
  const framed = parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')])
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...framed])
}
