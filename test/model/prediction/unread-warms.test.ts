import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UnreadWarms } from '../../../src/model/prediction/unread-warms.ts'

const LIFE_MS = 20

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('warmed', 'read', 'left', 'forget', 'pass'),
    node: fc.integer({ min: 1, max: 2_000 }),
    afterMs: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 300 },
)

test('each warm is used, wasted or forgotten once, by what came first', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const warms = new UnreadWarms()
      const open = new Map<number, number>()
      const counts = { used: 0, wasted: 0 }
      let nowMs = 0
      for (const { kind, node: drawn, afterMs } of all) {
        // Few places, so that they meet again, one of them beyond what is allotted at first.
        const node = drawn > 1_990 ? drawn : 1 + (drawn % 5)
        nowMs += afterMs
        if (kind === 'warmed') {
          warms.warmed(node, nowMs + LIFE_MS)
          open.set(node, nowMs + LIFE_MS)
        } else if (kind === 'pass') {
          warms.pass(nowMs)
          for (const [other, dueMs] of [...open]) if (nowMs > dueMs && open.delete(other)) counts.wasted++
        } else {
          if (kind === 'forget') warms.forget(node)
          else warms[kind](node)
          if (open.delete(node) && kind !== 'forget') counts[kind === 'read' ? 'used' : 'wasted']++
        }
        expect({ used: warms.used, wasted: warms.wasted }).toEqual(counts)
      }
    }),
  )
})
