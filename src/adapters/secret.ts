/** A password: as it is, or as a way to ask for it at each login, so that it can change while the process runs. */
export type Secret = string | (() => string)

export const secretNow = (secret: Secret): string => (typeof secret === 'string' ? secret : secret())
