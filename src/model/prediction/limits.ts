/** What a workspace's predictor may hold. Nothing here grows with the length of history. */
export const LIMITS = {
  /** Distinct paths known; past it the model starts anew from the sequences it keeps. */
  filesMax: 131_072,
  /** Reads kept of one session; later ones still count as evidence, but are not remembered. */
  sequenceReadsMax: 16_384,
  /** Reads kept over all closed sessions (8 bytes each); the oldest sessions leave. */
  historyReadsMax: 524_288,
  sequencesMax: 8_192,
  openSessionsMax: 256,
  /** A session that reads nothing for so long is closed. */
  idleMs: 30 * 60_000,
  /** Candidates weighed at one read. */
  candidatesMax: 512,
  /** Files ranked at once. */
  rankedMax: 512,
  /** Unsettled predictions the scorer waits for. */
  pendingMax: 65_536,
  analyzersMax: 64,
} as const
