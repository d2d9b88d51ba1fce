export type Options = {
  readonly once: boolean
  readonly json: boolean
  readonly fresh: boolean
  /** Rounds before and after learning: from 2 on, for the first of each is not counted. */
  readonly rounds: number
}

/** What to run with, or what to say at once and the exit code to end with. */
export function understood(
  args: readonly string[],
): { readonly options: Options } | { readonly answer: string; readonly status: 0 | 2 }
