/**
 * Makes model.acl and cache.acl: what each role may do at the two Redis, and nothing else. `npm run docs` runs it. The same
 * rights are tried on real servers in test/integrity/redis-users.test.ts.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a user may touch and do, as Redis writes it. */
type Rights = { readonly keys: readonly string[]; readonly commands: readonly string[] }
type Users = Readonly<Record<string, Rights>>

/** What every client does: it sees whether the server is there and is what it should be, and finds nodes of a cluster. */
const CONNECTION = 'ping info select client|setname cluster|slots cluster|info readonly asking'
const words = (text: string): readonly string[] => text.split(' ')

/** Rows of models lie below `{m<version>.<bucket>}`, what is shared below `{m<version>}:x:`, notes below `{n<number>}`. */
export function modelUsers(prefix: string): Users {
  const [models, shared, notes] = [`${prefix}{m*`, `${prefix}{m*}:x:*`, `${prefix}{n*`]
  const reading = words('hget hmget hscan hvals')
  const writing = words('eval evalsha hset hsetnx hdel unlink')
  const folding = words('set type hincrby scan')
  return {
    ingest: { keys: [`~${models}`], commands: [...reading, ...writing, ...folding] },
    predict: { keys: [`%R~${models}`, `~${shared}`, `~${notes}`], commands: [...reading, ...writing] },
    warm: { keys: [`%R~${shared}`, `~${notes}`], commands: [...reading, ...writing] },
    gateway: {
      keys: [`%R~${models}`, `~${shared}`, `%R~${notes}`],
      commands: [...reading, ...words('eval evalsha hset')],
    },
    schedule: { keys: [`%R~${models}`, `%R~${notes}`], commands: reading },
    operator: { keys: [`~${models}`, `~${notes}`], commands: [...reading, ...writing, ...folding] },
  }
}

/** Keys are `<workspace>:` and a letter: e entries, p pointers, l leases, b budgets. */
export function cacheUsers(prefix: string): Users {
  const values = [`~${prefix}*:e*`, `~${prefix}*:p*`]
  const using = words('get getex getrange set setrange exists unlink pttl pexpire eval evalsha')
  const looking = words('randomkey memory|usage')
  const counting = words('scan strlen')
  return {
    warm: { keys: [`~${prefix}*`], commands: [...using, ...looking, ...words('del time')] },
    gateway: { keys: values, commands: [...using, ...looking, ...counting] },
    analyzer: { keys: values, commands: using },
    operator: { keys: [`~${prefix}*`], commands: [...using, ...looking, ...counting] },
  }
}

/**
 * Users as Redis's `aclfile` holds them. In the place of each password stands what Redis refuses to load: nobody can
 * forget to put the SHA-256 of a password there.
 */
export function aclFile(users: Users): string {
  const lines = Object.entries(users).map(([name, { keys, commands }]) => {
    const allowed = [...words(CONNECTION), ...commands].map((command) => `+${command}`)
    return [
      'user',
      name,
      'on',
      `#SHA256-OF-THE-PASSWORD-OF-${name}`,
      'resetchannels',
      ...keys,
      '-@all',
      ...allowed,
    ].join(' ')
  })
  return `${['user default off', ...lines].join('\n')}\n`
}

/** The files, by the key prefixes that are the settings' defaults. */
export const ACL_FILES: ReadonlyMap<string, string> = new Map([
  ['model.acl', aclFile(modelUsers('fw:'))],
  ['cache.acl', aclFile(cacheUsers('fwc:'))],
])

if (import.meta.main) {
  for (const [name, text] of ACL_FILES) writeFileSync(join(import.meta.dirname, name), text)
}
