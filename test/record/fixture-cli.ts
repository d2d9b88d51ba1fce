/** The record and publish commands alone, on a log in memory that is printed at the end: for tests. */
import { Command } from 'commander'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import type { ConnectLog } from '../../src/cli/log-connection.ts'
import { publishCommand } from '../../src/cli/publish.ts'
import { endLike, recordCommand } from '../../src/cli/record.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'

const report = (text: string) => void process.stderr.write(text)
const connect: ConnectLog = async () => {
  const log = createMemoryEventLog({ partitions: 1 })
  const codec = createEmbeddedCodec()
  const clock = createSystemClock()
  const close = async () => {
    for await (const { value } of log.read({ topic: 'access-events', partition: 0 }, 0)) {
      const decoded = await codec.decode('access-events', value)
      report(`event ${JSON.stringify(decoded)}\n`)
    }
    await log.close()
  }
  return { log, codec, clock, telemetry: createMemoryTelemetry(), logger: SILENT_LOG, shards: 1, close }
}

const { env: environment } = process
await new Command()
  .addCommand(recordCommand({ connect, workspaceAt: () => null, environment, atTerminal: false, report, end: endLike }))
  .addCommand(publishCommand({ connect, signal: new AbortController().signal, report, write: report }))
  .parseAsync()
