/** Who may do what at the gateway, each by one thing that is shown: a bearer token, a client certificate, or claims. */
import { ForewarmError } from '../../../ports/errors.ts'
import { ACTOR_LENGTH_MAX } from '../../../wire/limits.ts'
import { Forbidden } from './failures.ts'

export type Verb = 'publish' | 'read' | 'fill' | 'warm' | 'admin'

export type Token = {
  /** SHA-256 of the bearer token in hex: the token itself is kept nowhere. */
  readonly sha256?: string | null
  /** A name in a client certificate. */
  readonly certificate?: string | null
  /** What a token of the OIDC issuer must say, each as `claim=value`. */
  readonly claims?: readonly string[]
  /** Names of workspaces, or `*` for all. */
  readonly workspaces: readonly string[]
  /** Claim that names further workspaces. */
  readonly workspacesClaim?: string | null
  readonly verbs: readonly Verb[]
  /** Date and time from which it holds no more. */
  readonly expiresAt?: string | null
}

/** What may be done where. */
export type Right = Pick<Token, 'workspaces' | 'verbs'>

/** Who asks; `rights` null is anybody, where no tokens are set (loopback only). */
export type Principal = { readonly name: string; readonly rights: readonly Right[] | null }

/** Whether a token holds at a moment. */
export const holdsAt = ({ expiresAt }: Token, timeMs: number): boolean =>
  expiresAt == null || timeMs < Date.parse(expiresAt)

const isFor = ({ workspaces }: Right, workspace: string): boolean =>
  workspaces.includes('*') || workspaces.includes(workspace)

/** Throws unless the principal may do this in some workspace. */
export function authorizeAnywhere({ rights }: Principal, verb: Verb): void {
  if (rights?.some(({ verbs }) => verbs.includes(verb)) === false) throw lacks(verb)
}

/** Whether the principal may read in a workspace. */
export const mayRead = ({ rights }: Principal, workspace: string): boolean =>
  rights === null || rights.some((right) => isFor(right, workspace) && right.verbs.includes('read'))

const lacks = (verb: Verb) => new Forbidden(`the token is not for this: it lacks the verb ${verb}`)

/** Throws unless the principal may do this in this workspace. */
export function authorize({ rights }: Principal, verb: Verb, workspace: string): void {
  if (rights === null) return
  const here = rights.filter((right) => isFor(right, workspace))
  if (here.length === 0) throw new Forbidden('the token is not for this workspace')
  if (!here.some(({ verbs }) => verbs.includes(verb))) throw lacks(verb)
}

/** Nobody who is known asks; the message says why. */
export const unknownCaller = (why: string) => new ForewarmError('FW_UNAUTHORIZED', why)

/**
 * Who asks, for the record: a token's name, and what its holder says beside it, as a claim. Where no tokens are set, what
 * is said, else `anybody`.
 */
export function whoAsks({ name, rights }: Principal, said: string): string {
  if (said === '' || said === name) return name
  return rights === null ? said : `${name} (${said})`.slice(0, ACTOR_LENGTH_MAX)
}
