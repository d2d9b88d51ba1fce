import { expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { createReader, nextOf, outgoing, text } from '../../support/log-reader.ts'
import { keys, type LogWorld, PARTITIONS, placesOf } from './log-world.ts'

/** Members of a group share the partitions, whoever comes and goes. */
export function itSharesPartitions(world: LogWorld): void {
  const { appendTo, consume, seen } = world

  it('shares partitions over members, equal numbers of all topics to the same one, and tells of every change', async () => {
    const [one, two] = [createReader(), createReader()]
    const first = await consume(one, { topics: 'both' })
    await eventually(
      () => first.assignment().length,
      (length) => length === 2 * PARTITIONS,
    )
    const second = await consume(two, { topics: 'both' })
    await eventually(
      () => [first.assignment().length, second.assignment().length],
      (lengths) => lengths.every((length) => length === PARTITIONS),
    )
    for (const consumer of [first, second]) {
      const numbers = (topic: string) =>
        consumer
          .assignment()
          .filter((each) => each.topic === topic)
          .map(({ partition }) => partition)
          .sort()
      expect(numbers('access-events')).toEqual(numbers('warm-outcomes'))
    }
    expect(placesOf([...first.assignment(), ...second.assignment()])).toHaveLength(2 * PARTITIONS)
    // The partitions that stayed were assigned once more; those that left were revoked.
    await eventually(
      () => one.assignments,
      (assignments) => assignments.length >= 2,
    )
    expect(placesOf(one.assignments.at(-1) ?? [])).toEqual(placesOf(first.assignment()))
    expect(placesOf(one.revocations.flat())).toEqual(placesOf(second.assignment()))
    await second.stop()
    expect(second.assignment()).toEqual([])
    await eventually(
      () => first.assignment().length,
      (length) => length === 2 * PARTITIONS,
    )
  })

  it('takes one member more than there are partitions as a stand-by, which takes over from one that leaves', async () => {
    const consumers = await Promise.all(Array.from({ length: PARTITIONS + 1 }, () => consume(createReader())))
    const failed = Promise.race(consumers.map((consumer) => consumer.failed))
    const shares = () => consumers.map((consumer) => (consumer.joined() ? consumer.assignment().length : null))
    const shared = [0, ...Array(PARTITIONS).fill(1)]
    const isShared = (lengths: (number | null)[]) => lengths.toSorted().join() === shared.join()
    await Promise.race([eventually(shares, isShared, { what: 'a stand-by' }), failed])
    const standBy = consumers.find((consumer) => consumer.assignment().length === 0)
    const leaving = consumers.find((consumer) => consumer !== standBy)
    await leaving?.stop()
    expect(leaving?.joined()).toBe(false)
    const takenOver = () => standBy?.assignment().length
    await Promise.race([eventually(takenOver, (length) => length === 1, { what: 'its partition' }), failed])
  })

  it('tells a batch in flight that a member joins, lets it end at a record boundary, and keeps what it committed', async () => {
    await appendTo(0, ['a', 'b', 'c'])
    const held = createReader({
      start: 'committed',
      onBatch: async (batch, signal) => {
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return { next: (batch.records[0]?.offset ?? 0) + 1, commit: (batch.records[0]?.offset ?? 0) + 1 }
      },
    })
    const other = createReader({ start: 'committed', onBatch: (batch) => ({ next: nextOf(batch) }) })
    const first = await consume(held)
    await seen(held, 3)
    const second = await consume(other)
    await eventually(
      () => [first.assignment().length, second.assignment().length],
      (lengths) => lengths.every((length) => length === PARTITIONS / 2),
    )
    await eventually(
      () => [...held.texts(), ...other.texts()].slice(3),
      (texts) => texts.includes('c'),
    )
    expect([...held.texts(), ...other.texts()].slice(3)).not.toContain('a')
  })

  it('goes on without loss when members come and go', async () => {
    const [one, two] = [createReader({ start: 'committed' }), createReader({ start: 'committed' })]
    for (const reader of [one, two]) {
      const { batch } = reader
      reader.batch = async (given, signal) => ({ ...(await batch(given, signal)), commit: nextOf(given) })
    }
    await consume(one)
    const appended: string[] = []
    const appendSome = async () => {
      const values = keys.map((key) => outgoing(key, `${key} ${appended.length}`))
      await world.log().append('access-events', values)
      appended.push(...values.map(({ value }) => text(value)))
    }
    await appendSome()
    const second = await consume(two)
    await appendSome()
    await eventually(
      () => two.records.length,
      (length) => length > 0,
    )
    await second.stop()
    await appendSome()
    const all = () => new Set([...one.texts(), ...two.texts()])
    await eventually(all, (texts) => texts.size === appended.length)
    expect(all()).toEqual(new Set(appended))
  })
}
