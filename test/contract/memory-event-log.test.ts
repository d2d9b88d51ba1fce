import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { describeEventLog, PARTITIONS } from './event-log.contract.ts'

describeEventLog('memory', async () => {
  const log = createMemoryEventLog({ partitions: PARTITIONS })
  return { log, reopen: async () => log, close: () => log.close() }
})
