import type { SkipReason } from '../../warming/decide.ts'

/** A file that is not to go on, and why. */
export class Refused extends Error {
  readonly reason: SkipReason

  constructor(reason: SkipReason) {
    super(`a file is not to go on: ${reason}`)
    this.reason = reason
  }
}
