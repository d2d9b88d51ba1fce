import type { CommandFile } from './command.ts'

/**
 * Indexes of a command's files in the order in which a worker takes them: what is expected first, then what is
 * likeliest.
 */
export const orderOfNeed = (files: readonly CommandFile[]): readonly number[] =>
  files
    .map((file, index) => ({ file, index }))
    .sort(
      (one, other) =>
        one.file.expectedAtMs - other.file.expectedAtMs ||
        other.file.probability - one.file.probability ||
        one.index - other.index,
    )
    .map(({ index }) => index)
