import type { Arbitrary } from 'fast-check'

/** One parser under any input. */
export type Target = {
  readonly name: string
  readonly input: Arbitrary<Uint8Array | string>
  /** Throws, or rejects, when the parser does what its callers do not know of. */
  readonly run: (input: Uint8Array | string) => unknown
}

export function bytesTarget(name: string, input: Arbitrary<Uint8Array>, run: (bytes: Uint8Array) => unknown): Target {
  return { name, input, run: (given) => run(given as Uint8Array) }
}

export function textTarget(name: string, input: Arbitrary<string>, run: (text: string) => unknown): Target {
  return { name, input, run: (given) => run(given as string) }
}

/** Runs a parser that refuses by throwing errors of these kinds, and by no others; undefined where it refused. */
export function refusing<Result>(
  kinds: readonly (abstract new (...args: never[]) => Error)[],
  parse: () => Result,
): Result | undefined {
  try {
    return parse()
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return undefined
    throw error
  }
}

/** Fails with what was expected. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`)
}
