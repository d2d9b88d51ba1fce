/** How long a token of the gateway is good for. */
import type { Finding, FindingsOf } from './finding.ts'

const DAY_MS = 86_400_000
/** Time to make another and to give it to whoever has it. */
const NEAR_DAYS = 14

/** What to say of a token that ends at a moment, or never where that is null. */
export function tokenFinding(name: string, expiresAt: string | null, say: FindingsOf & { nowMs: number }): Finding {
  if (expiresAt === null) return say.ok(`the token ${name} holds until it is revoked`)
  const days = Math.floor((Date.parse(expiresAt) - say.nowMs) / DAY_MS)
  const mend = 'make another with `forewarm token create`, give it to its holder, and revoke this one'
  if (days < 0) return say.warn(`the token ${name} ended at ${expiresAt}`, mend)
  return days < NEAR_DAYS
    ? say.warn(`the token ${name} ends at ${expiresAt}`, mend)
    : say.ok(`the token ${name} holds until ${expiresAt}`)
}
