import { describe } from 'vitest'
import { itKeepsWhatWasAppended } from './event-log/appended.contract.ts'
import { itDelivers } from './event-log/delivered.contract.ts'
import { itEnds } from './event-log/ended.contract.ts'
import { itKeepsWorkInHand } from './event-log/in-hand.contract.ts'
import { type LogUnderTest, useLog } from './event-log/log-world.ts'
import { itSharesPartitions } from './event-log/shared.contract.ts'

/** What every event log does. */
export function describeEventLog(name: string, create: () => Promise<LogUnderTest>): void {
  describe(`event log: ${name}`, () => {
    const world = useLog(create)
    itKeepsWhatWasAppended(world)
    itDelivers(world)
    itSharesPartitions(world)
    itEnds(world)
    itKeepsWorkInHand(world)
  })
}
