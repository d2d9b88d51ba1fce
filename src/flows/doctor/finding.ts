/** What a doctor found: one line each. */
export type FindingState = 'ok' | 'skip' | 'warn' | 'fail'

export type Finding = {
  /** What was looked at: `Kafka`, `the models`, … */
  readonly subject: string
  readonly state: FindingState
  /** What is so, in words. */
  readonly what: string
  /** What to do about it; null where nothing is wrong. */
  readonly mend: string | null
}

/** Findings of one subject. */
export const findingsOf = (subject: string) => ({
  ok: (what: string): Finding => ({ subject, state: 'ok', what, mend: null }),
  /** Could not be looked at, which need not be wrong. */
  skip: (what: string, mend: string): Finding => ({ subject, state: 'skip', what, mend }),
  warn: (what: string, mend: string): Finding => ({ subject, state: 'warn', what, mend }),
  fail: (what: string, mend: string): Finding => ({ subject, state: 'fail', what, mend }),
})

export type FindingsOf = ReturnType<typeof findingsOf>
