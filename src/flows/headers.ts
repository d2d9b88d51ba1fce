/** Headers of records that say what is no part of the contract: who reads none of them loses a figure, not a file. */

/** Of a command: when the first of the accesses that led to it took place, milliseconds since the Unix epoch. */
export const OBSERVED_AT_HEADER = 'forewarm.observed-at'

/** Of an outcome: the share of its files in flight that the worker's governor left to the command's workspace, 0..1. */
export const GOVERNOR_HEADER = 'forewarm.governor'
