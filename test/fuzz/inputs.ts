/** Inputs for parsers: any, damaged good ones, pieces of the format in any order, and much of one piece. */
import fc from 'fast-check'

const HOSTILE = [
  '__proto__',
  'constructor',
  '\0',
  '\x1b[2J',
  '\ud800',
  '\u202e',
  '\ufeff',
  '../',
  '%2e%2e',
  '9'.repeat(400),
]

/** Nested or repeated so often that a parser which recurses or looks back has to show what it does about it. */
const MUCH = 20_000

/** Bytes; of `seeds` some are changed, cut out or doubled. */
export function bytesLike(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff))
  const change = fc.record({ at: fc.nat(), length: fc.nat(9), bytes: fc.array(byte, { maxLength: 9 }) })
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 5 }))
    .map(([seed, changes]) => Uint8Array.from(changes.reduce(changed, [...seed])))
  return fc.oneof(fc.uint8Array({ maxLength: 400 }), { weight: 4, arbitrary: damaged })
}

type Change = { readonly at: number; readonly length: number; readonly bytes: readonly number[] }

function changed(bytes: number[], { at, length, bytes: put }: Change): number[] {
  const from = at % (bytes.length + 1)
  return [...bytes.slice(0, from), ...put, ...bytes.slice(from + length)]
}

/** Text made of `pieces` of its format, of good texts (`seeds`), and of what no format expects. */
export function textLike(pieces: readonly string[], seeds: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...pieces) },
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )
  const soup = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(''))
  const much = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.nat(MUCH), soup)
    .map(([parts, times, end]) => {
      return parts.join('').slice(0, 60).repeat(times) + end
    })
  const cut = fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(20), soup).map(([seed, at, length, put]) => {
    const from = at % (seed.length + 1)
    return seed.slice(0, from) + put + seed.slice(from + length)
  })
  return fc.oneof(
    { weight: 4, arbitrary: soup },
    { weight: 4, arbitrary: cut },
    { weight: 1, arbitrary: much },
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
}
