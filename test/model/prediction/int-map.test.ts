import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntMap, NONE } from '../../../src/model/prediction/int-map.ts'

const KEY = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
const PAIRS = fc.array(fc.tuple(KEY, fc.nat(), fc.boolean()), { maxLength: 400 })

test('numbers by number hold what a Map would, however many there are and whatever their keys', () => {
  fc.assert(
    fc.property(PAIRS, fc.array(KEY), (pairs, others) => {
      const [map, model] = [new IntMap(), new Map<number, number>()]
      for (const [key, value, isAdded] of pairs) {
        const small = value % 1_000
        if (isAdded) map.add(key, small)
        else map.set(key, small)
        model.set(key, isAdded ? (model.get(key) ?? 0) + small : small)
      }
      expect(map.size).toBe(model.size)
      for (const key of [...model.keys(), ...others]) {
        expect(map.get(key)).toBe(model.get(key) ?? NONE)
        expect(map.has(key)).toBe(model.has(key))
      }
    }),
  )
})
