import type { Interrupts } from './wait.ts'

/** Exit code of a process that a signal ends at once. */
const EXIT = { SIGINT: 130, SIGTERM: 143 } as const

/** Ctrl-C and SIGTERM: the first calls back, the next one ends the process at once. */
export function interruptsOf(): Interrupts {
  let callback: (() => void) | null = null
  let isAsked = false
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (isAsked || callback === null) process.exit(EXIT[name])
      isAsked = true
      callback()
    })
  }
  return {
    onFirst: (wanted) => {
      callback = wanted
    },
  }
}
