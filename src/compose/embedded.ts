/** One SQLite file with log, models and cache. Other processes may append and read beside a running `forewarm up`. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createSqliteCache } from '../adapters/sqlite/cache.ts'
import { openDatabase } from '../adapters/sqlite/database.ts'
import { createSqliteEventLog } from '../adapters/sqlite/event-log.ts'
import { createSqliteModelStore } from '../adapters/sqlite/model-store.ts'
import { createSystemClock } from '../adapters/system/clock.ts'
import { ensureFolder } from '../adapters/system/ensure-folder.ts'
import { createTracedEventLog } from '../adapters/telemetry/traced-event-log.ts'
import type { Settings } from '../config/schema.ts'
import { ForewarmError } from '../ports/errors.ts'
import { createEmbeddedCodec } from '../wire/embedded-codec.ts'
import type { Engines, Reporting } from './engines.ts'
import { once } from './once.ts'

/** How often the log drops what is over its bounds. */
const SWEEP_MS = 60_000

/** Engines on one SQLite file. Throws where the file cannot be opened. */
export function openEmbedded(settings: Settings, { logger, telemetry }: Reporting): Engines {
  const { file, partitions, logBytesMax, cacheBytesMax } = settings.embedded
  const clock = createSystemClock()
  const database = openFile(file)
  const retention = { ageMsMax: settings.model.limits.memoryMs, bytesMax: logBytesMax, sweepMs: SWEEP_MS }
  const records = createSqliteEventLog({ database, partitions, clock, retention })
  const log = createTracedEventLog(records, telemetry, { system: 'sqlite', topicPrefix: '', groupPrefix: '' })
  const store = once(() => createSqliteModelStore(database))
  const cache = once(() =>
    createSqliteCache(database, {
      clock,
      bytesMax: cacheBytesMax,
      lifetimes: {
        readMs: settings.cache.readTtlMs,
        unreadMs: settings.cache.unreadTtlMs,
        liveMs: settings.cache.liveMs,
      },
      onDamaged: () => logger.warn({ file }, 'a damaged entry of the cache was removed'),
    }),
  )
  const close = async () => {
    await log.close()
    await Promise.allSettled([store.made()?.close(), cache.made()?.close()])
    database.close()
  }
  return { clock, log, codec: createEmbeddedCodec(), store, cache, close }
}

function openFile(file: string) {
  try {
    makeFolder(dirname(file))
    return openDatabase(file)
  } catch (cause) {
    const mend = 'name a file in a folder that can be written, by embedded.file'
    throw new ForewarmError('FW_CONFIG_INVALID', `cannot open ${file}: ${mend}`, { cause })
  }
}

/** A folder of our own keeps out of git: in a checkout its files would be changes of the workspace, to be warmed. */
function makeFolder(folder: string): void {
  if (ensureFolder(folder)) writeFileSync(join(folder, '.gitignore'), '*\n')
}
