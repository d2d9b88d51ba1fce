import { ForewarmError } from '../ports/errors.ts'

/**
 * Loads a part of the program whose packages are optional dependencies, so that who does not use it can leave them out.
 * Rejects with FW_TOOL_MISSING where they were left out; `wanted` says what asked for them, for that message.
 */
export async function loadOptional<Module>(wanted: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    if (!isOfMissingPackage(cause)) throw cause
    const message = `${wanted} needs packages that were left out when forewarm was installed: install it without --omit=optional, by a Node that they support`
    throw new ForewarmError('FW_TOOL_MISSING', message, { cause })
  }
}

const isOfMissingPackage = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
