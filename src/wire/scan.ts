import avro, { type Type } from 'avsc'
import { DEPTH_MAX, RECORD_ITEMS_MAX, ZERO_SIZE_ITEMS_MAX } from './limits.ts'

/**
 * Walks a payload by its writer's schema without making anything of it, and says what is wrong with it, or null.
 *
 * avsc trusts the counts that it reads: five bytes that claim an array of 2^30 nulls hold its caller for seconds, and a
 * claimed length is allocated before the bytes are there. So every count is held here against the bytes that are left,
 * against the number of entries that any record may have, and for entries of no size against a budget of their own.
 * A payload that passes makes avsc do work in proportion to its length.
 */
export type Scanner = (payload: Uint8Array) => string | null

/** Moves the cursor over one value; false, with `fault` set, when it cannot. */
type Step = (cursor: Cursor) => boolean

/** `minBytes` is a lower bound of what one value takes. */
type Shape = { minBytes: number; step: Step }

type Cursor = {
  readonly bytes: Uint8Array
  at: number
  depth: number
  itemsLeft: number
  zeroSizeItemsLeft: number
  fault: string
}

const { types } = avro

/** Makes the scanner of a writer's schema. Throws for a kind of type that avsc does not know either. */
export function createScanner(writer: Type): Scanner {
  const { step } = shapeOf(writer, new Map())
  return (payload) => {
    const cursor: Cursor = {
      bytes: payload,
      at: 0,
      depth: 0,
      itemsLeft: RECORD_ITEMS_MAX,
      zeroSizeItemsLeft: ZERO_SIZE_ITEMS_MAX,
      fault: '',
    }
    if (!step(cursor)) return cursor.fault
    return cursor.at === payload.length ? null : `${payload.length - cursor.at} bytes follow the record`
  }
}

/** `known` breaks the circle of a schema that contains itself. */
function shapeOf(type: Type, known: Map<Type, Shape>): Shape {
  const found = known.get(type)
  if (found !== undefined) return found
  // Until it is complete, a type inside itself counts as 0 bytes at least: never too much.
  const shape: Shape = { minBytes: 0, step: (cursor) => fail(cursor, 'schema not ready') }
  known.set(type, shape)
  const made = makeShape(type, known)
  shape.minBytes = made.minBytes
  shape.step = made.step
  return shape
}

function makeShape(type: Type, known: Map<Type, Shape>): Shape {
  if (type instanceof types.RecordType) return recordShape(type.fields.map((field) => shapeOf(field.type, known)))
  if (type instanceof types.ArrayType) return blocksShape(shapeOf(type.itemsType, known), false)
  if (type instanceof types.MapType) return blocksShape(shapeOf(type.valuesType, known), true)
  if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
    return unionShape(type.types.map((branch) => shapeOf(branch, known)))
  }
  if (type instanceof types.EnumType) return enumShape(type.symbols.length)
  if (type instanceof types.FixedType) return fixedShape(type.size)
  if (type instanceof types.StringType || type instanceof types.BytesType)
    return { minBytes: 1, step: skipLengthAndBytes }
  if (type instanceof types.LongType || type instanceof types.IntType) return { minBytes: 1, step: skipNumber }
  if (type instanceof types.BooleanType) return fixedShape(1)
  if (type instanceof types.FloatType) return fixedShape(4)
  if (type instanceof types.DoubleType) return fixedShape(8)
  if (type instanceof types.NullType) return fixedShape(0)
  throw new Error(`no way to scan the Avro type ${type.typeName}`)
}

const fixedShape = (size: number): Shape => ({ minBytes: size, step: (cursor) => advance(cursor, size) })

function recordShape(fields: readonly Shape[]): Shape {
  const minBytes = fields.reduce((sum, field) => sum + field.minBytes, 0)
  const step = nested((cursor) => {
    for (const field of fields) if (!field.step(cursor)) return false
    return true
  })
  return { minBytes, step }
}

function unionShape(branches: readonly Shape[]): Shape {
  const minBytes = 1 + Math.min(...branches.map((branch) => branch.minBytes))
  const step = nested((cursor) => {
    const branch = branches[readNumber(cursor)]
    return branch === undefined ? fail(cursor, 'no such branch of a union') : branch.step(cursor)
  })
  return { minBytes, step }
}

function enumShape(symbols: number): Shape {
  const step: Step = (cursor) => {
    const index = readNumber(cursor)
    return (index >= 0 && index < symbols) || fail(cursor, 'no such symbol of an enum')
  }
  return { minBytes: 1, step }
}

/** Arrays and maps: blocks of a count and that many entries, until a count of 0. */
function blocksShape(items: Shape, keyed: boolean): Shape {
  const step = nested((cursor) => {
    for (;;) {
      const count = readNumber(cursor)
      if (count === 0) return true
      if (!skipBlock(cursor, { count, items, keyed })) return false
    }
  })
  return { minBytes: 1, step }
}

type Block = { readonly count: number; readonly items: Shape; readonly keyed: boolean }

function skipBlock(cursor: Cursor, { count, items, keyed }: Block): boolean {
  // A negative count is followed by the block's size in bytes.
  const sizeBytes = count < 0 ? readNumber(cursor) : null
  const end = sizeBytes === null ? null : cursor.at + sizeBytes
  const entries = Math.abs(count)
  if (!admit(cursor, entries, items.minBytes + (keyed ? 1 : 0))) return false
  for (let index = 0; index < entries; index += 1) {
    if (keyed && !skipLengthAndBytes(cursor)) return false
    if (!items.step(cursor)) return false
  }
  return end === null || end === cursor.at || fail(cursor, 'a block is not as long as it says')
}

/** Whether so many entries can be there at all; takes them from the record's budgets. Not a number: no. */
function admit(cursor: Cursor, entries: number, minBytes: number): boolean {
  if (!(entries * minBytes <= cursor.bytes.length - cursor.at)) return fail(cursor, 'a list claims more than is there')
  cursor.itemsLeft -= entries
  if (!(cursor.itemsLeft >= 0)) return fail(cursor, `the lists have more than ${RECORD_ITEMS_MAX} entries`)
  if (minBytes > 0) return true
  cursor.zeroSizeItemsLeft -= entries
  return cursor.zeroSizeItemsLeft >= 0 || fail(cursor, `more than ${ZERO_SIZE_ITEMS_MAX} entries of no size`)
}

const nested =
  (step: Step): Step =>
  (cursor) => {
    cursor.depth += 1
    if (cursor.depth > DEPTH_MAX) return fail(cursor, `nested deeper than ${DEPTH_MAX}`)
    const passed = step(cursor)
    cursor.depth -= 1
    return passed
  }

const skipLengthAndBytes: Step = (cursor) => advance(cursor, readNumber(cursor))

/** Also over 64-bit numbers: a field that this build does not know may hold any. */
function skipNumber(cursor: Cursor): boolean {
  for (let length = 1; length <= NUMBER_BYTES_MAX; length += 1) {
    const byte = cursor.bytes[cursor.at]
    if (byte === undefined) return fail(cursor, 'the record ends too early')
    cursor.at += 1
    if (byte < 0x80) return true
  }
  return fail(cursor, 'a number has no end')
}

function advance(cursor: Cursor, size: number): boolean {
  if (!(size >= 0 && size <= cursor.bytes.length - cursor.at)) return fail(cursor, 'the record ends too early')
  cursor.at += size
  return true
}

/** Bytes of the longest Avro number: 64 bits, 7 a byte. */
const NUMBER_BYTES_MAX = 10

/** A count, length or index; NaN, which no check lets pass, when it has no end within 10 bytes or is beyond 2^52. */
function readNumber(cursor: Cursor): number {
  let encoded = 0
  let factor = 1
  for (let length = 1; length <= NUMBER_BYTES_MAX; length += 1) {
    const byte = cursor.bytes[cursor.at]
    if (byte === undefined) return fault(cursor, 'the record ends too early')
    cursor.at += 1
    encoded += (byte & 0x7f) * factor
    if (byte < 0x80) return unZigZag(cursor, encoded)
    factor *= 128
  }
  return fault(cursor, 'a number has no end')
}

function unZigZag(cursor: Cursor, encoded: number): number {
  // Above that a double no longer tells even from odd.
  if (encoded > Number.MAX_SAFE_INTEGER) return fault(cursor, 'a number is too large')
  return encoded % 2 === 0 ? encoded / 2 : -(encoded + 1) / 2
}

function fault(cursor: Cursor, text: string): number {
  fail(cursor, text)
  return Number.NaN
}

/** Notes the first fault. */
function fail(cursor: Cursor, text: string): false {
  if (cursor.fault === '') cursor.fault = text
  return false
}
