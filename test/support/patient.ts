/** For clients of servers that are there: how soon a command is given up is not what is tested, and a busy machine takes long. */
export const PATIENT = { commandTimeoutMs: 60_000 } as const
