import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { PARTITIONS } from './event-log/log-world.ts'
import { describeEventLog } from './event-log.contract.ts'

describeEventLog('memory', async () => {
  const log = createMemoryEventLog({ partitions: PARTITIONS })
  return { log, reopen: async () => log, close: () => log.close() }
})
