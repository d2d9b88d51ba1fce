/** What a checked OIDC token says, as far as tokens of the settings ask for it. */
import type { Principal, Token } from './tokens.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Claims whose text is a list of words. */
const WORD_LISTS = new Set(['scope', 'scp'])

/** Stands for all workspaces in the settings; nobody becomes that by what an issuer lets them call themselves. */
const ALL = '*'

/** Longest part of a subject in a name. */
const SUBJECT_LENGTH_MAX = 128

/** Whether the claims say this, a text like `claim=value`. */
export function says(claims: Claims, wanted: string): boolean {
  const at = wanted.indexOf('=')
  return valuesOf(claims, wanted.slice(0, at)).includes(wanted.slice(at + 1))
}

/** What may be done where by a token whose claims are fulfilled. */
export const rightOf = ({ workspaces, workspacesClaim, verbs }: Token, claims: Claims) => ({
  verbs,
  workspaces: [
    ...workspaces,
    ...(workspacesClaim == null ? [] : valuesOf(claims, workspacesClaim).filter((name) => name !== ALL)),
  ],
})

/** The name for logs and the record: that of the token of the settings, and the subject, in plain characters. */
export function nameOf(token: string, claims: Claims): Principal['name'] {
  const subject = String(claims['sub']).slice(0, SUBJECT_LENGTH_MAX)
  return `${token}:${subject.replaceAll(/[^ -~]/g, '?')}`
}

/** The values of a claim as texts; a name with dots is first a claim of that name, else a way into claims. */
function valuesOf(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : within(claims, name.split('.'))
  if (typeof value === 'string' && WORD_LISTS.has(name)) return value.split(' ')
  return (Array.isArray(value) ? value : [value]).flatMap(textOf)
}

const within = (claims: unknown, [first, ...rest]: readonly string[]): unknown => {
  if (first === undefined) return claims
  if (typeof claims !== 'object' || claims === null || !Object.hasOwn(claims, first)) return undefined
  return within((claims as Claims)[first], rest)
}

const textOf = (value: unknown): readonly string[] =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : []
