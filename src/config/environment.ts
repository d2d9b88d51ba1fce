/** The environment of this process, for programs that it starts and for what is no setting of forewarm. */
export const ownEnvironment = (): Readonly<Record<string, string | undefined>> => process.env
