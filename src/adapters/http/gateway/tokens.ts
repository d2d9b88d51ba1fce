/** Who may do what: bearer tokens, known only by their SHA-256, each for some workspaces and verbs. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ForewarmError } from '../../../ports/errors.ts'
import { ACTOR_LENGTH_MAX } from '../../../wire/limits.ts'
import { Forbidden } from './failures.ts'

export type Verb = 'publish' | 'read' | 'fill' | 'warm' | 'admin'

export type Token = {
  readonly sha256: string
  /** Names of workspaces, or `*` for all. */
  readonly workspaces: readonly string[]
  readonly verbs: readonly Verb[]
}

/** Who asks: the name of a token, or anybody where no tokens are set (loopback only). */
export type Principal = { readonly name: string; readonly token: Token | null }

export type Identify = (authorization: string | undefined) => Principal | null

/** Finds the token of a request among those that the map has then. Every token is compared, each in constant time: timing tells nothing. */
export function createIdentify(tokens: ReadonlyMap<string, Token>): Identify {
  if (tokens.size === 0) return () => ({ name: 'anybody', token: null })
  return (authorization) => {
    const [, given] = /^Bearer (\S{1,512})$/i.exec(authorization ?? '') ?? []
    if (given === undefined) return null
    const digest = createHash('sha256').update(given).digest()
    const [found] = [...tokens].filter(([, { sha256 }]) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest))
    return found === undefined ? null : { name: found[0], token: found[1] }
  }
}

/** Throws unless the principal may do this in some workspace. */
export function authorizeAnywhere(principal: Principal | null, verb: Verb): void {
  if (principal === null) throw unknownToken()
  if (principal.token !== null && !principal.token.verbs.includes(verb)) throw lacks(verb)
}

/** Whether a workspace is one of the principal's. */
export const mayRead = (principal: Principal | null, workspace: string): boolean =>
  principal !== null && (principal.token === null || isFor(principal.token, workspace))

const isFor = ({ workspaces }: Token, workspace: string): boolean =>
  workspaces.includes('*') || workspaces.includes(workspace)

const unknownToken = () => new ForewarmError('FW_UNAUTHORIZED', 'the bearer token is missing or unknown')

const lacks = (verb: Verb) => new Forbidden(`the token is not for this: it lacks the verb ${verb}`)

/** Throws unless the principal may do this in this workspace. */
export function authorize(principal: Principal | null, verb: Verb, workspace: string): void {
  if (principal === null) throw unknownToken()
  if (principal.token === null) return
  if (!isFor(principal.token, workspace)) throw new Forbidden('the token is not for this workspace')
  if (!principal.token.verbs.includes(verb)) throw lacks(verb)
}

/**
 * Who asks, for the record: a token's name, and what its holder says beside it, as a claim. Where no tokens are set, what
 * is said, else `anybody`.
 */
export function whoAsks(principal: Principal | null, said: string): string {
  const name = principal?.name ?? ''
  if (said === '' || said === name) return name
  return principal === null || principal.token === null ? said : `${name} (${said})`.slice(0, ACTOR_LENGTH_MAX)
}
