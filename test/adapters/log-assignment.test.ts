import fc from 'fast-check'
import { expect, it } from 'vitest'
import { assignPartitions } from '../../src/adapters/log-assignment.ts'

it('every partition goes to exactly one reader of its topic, in shares that differ by one at most', () => {
  const member = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 9 }), fc.nat(64), (members, partitions) => {
      const shares = assignPartitions(members, () => partitions)
      for (const topic of new Set(members.flat())) {
        const readers = members.flatMap((topics, index) => (topics.includes(topic) ? [shares[index] ?? []] : []))
        const numbers = readers.map((share) => share.filter((each) => each.topic === topic).length)
        expect(numbers.reduce((sum, each) => sum + each)).toBe(partitions)
        expect(Math.max(...numbers) - Math.min(...numbers)).toBeLessThanOrEqual(1)
      }
      const placed = shares.flat().map(({ topic, partition }) => `${topic}/${partition}`)
      expect(new Set(placed).size).toBe(placed.length)
    }),
  )
})

it('equal numbers of all topics go to the same member when all read the same topics', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(64), (members, partitions) => {
      for (const share of assignPartitions(Array(members).fill(['a', 'b']), () => partitions)) {
        const numbers = (topic: string) => share.filter((each) => each.topic === topic).map((each) => each.partition)
        expect(numbers('a')).toEqual(numbers('b'))
      }
    }),
  )
})
