export type LanguageOptions = {
  /** Whether each parse is bounded in time. False only where the caller bounds many at once (the parse pool). */
  readonly guarded: boolean
}

/**
 * Time to parse a file in milliseconds, many times of what real code takes: over it, with the processor, a source is
 * hostile.
 */
export const parseMsMax = (bytes: number): number => 1_000 + Math.ceil(bytes / 512)
