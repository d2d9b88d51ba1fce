/** What a doctor asks a Redis. Every command is given in a form that changes nothing, even where it is allowed. */
import type { Redis } from 'ioredis'
import type { RedisDiagnosis, RedisNodeFacts } from '../../ports/diagnosis.ts'
import { metaFromText, metaToText } from '../model-rows.ts'
import type { RedisConnection } from './connect.ts'

type Harmless = (key: string) => readonly string[]

const NO_SCRIPT = '0'.repeat(40)

/**
 * Arguments with which a command does nothing to a key that is not there: it finds nothing, or is refused for its
 * arguments, which a server looks at after the user's rights.
 */
const HARMLESS: ReadonlyMap<string, Harmless> = new Map<string, Harmless>([
  ['hget', (key) => [key, 'f']],
  ['hmget', (key) => [key, 'f']],
  ['hscan', (key) => [key, '0']],
  ['hvals', (key) => [key]],
  ['hset', (key) => [key, 'f', 'v', 'field without a value']],
  ['hdel', (key) => [key, 'f']],
  ['hincrby', (key) => [key, 'f', 'no number']],
  ['type', (key) => [key]],
  ['get', (key) => [key]],
  ['getex', (key) => [key]],
  ['exists', (key) => [key]],
  ['getrange', (key) => [key, '1', '1']],
  ['set', (key) => [key, 'v', 'XX']],
  ['setrange', (key) => [key, '1', '']],
  ['pttl', (key) => [key]],
  ['pexpire', (key) => [key, '1']],
  ['unlink', (key) => [key]],
  ['del', (key) => [key]],
  ['eval', (key) => ['return 1', '1', key]],
  ['evalsha', (key) => [NO_SCRIPT, '1', key]],
  ['memory', (key) => ['usage', key]],
  ['info', () => ['memory']],
  ['randomkey', () => []],
  ['scan', () => ['0']],
  ['strlen', (key) => [key]],
  ['time', () => []],
])

/** The diagnosis owns the connection and closes it. `meta` is the key at which a model says what it was made with. */
export function createRedisDiagnosis(connection: RedisConnection, meta: string): RedisDiagnosis {
  const { client, run } = connection
  const isRefused = async (command: string, key: string): Promise<boolean> => {
    const args = HARMLESS.get(command)
    if (args === undefined) throw new RangeError(`no harmless form of ${command} is known`)
    return run(() => refused(() => client.call(command, [...args(key)])))
  }
  return {
    nodes: async () => {
      await run(() => client.ping())
      const nodes = await connection.masters()
      return run(() => Promise.all(nodes.map(factsOf)))
    },
    refused: async (commands, key) => {
      const answers = await Promise.all(commands.map((command) => isRefused(command, key)))
      return commands.filter((_, at) => answers[at])
    },
    storedModel: (wanted) =>
      run(async () => {
        // What is there stays and is told: the one way that the rights of ingest allow.
        const isThere = (await shown(() => client.type(meta))) === 'string'
        const text = isThere ? await shown(() => client.set(meta, metaToText(wanted), 'NX', 'GET')) : null
        return text === null ? null : metaFromText(text)
      }),
    close: () => connection.close(),
  }
}

const isNoPermission = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOPERM')

/** Other answers, errors too, come after the rights; a connection that is lost is told. */
async function refused(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask()
    return false
  } catch (error) {
    if (isNoPermission(error)) return true
    if (error instanceof Error && error.name === 'ReplyError') return false
    throw error
  }
}

/** Null for what this user is not told; or not here, by a node of a cluster that the settings take for one server. */
async function shown<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|MOVED|ERR unknown command)/.test(error.message)) return null
    throw error
  }
}

async function factsOf(node: Redis): Promise<RedisNodeFacts> {
  const info = new Map(linesOf((await shown(() => node.info())) ?? ''))
  const number = (name: string): number | null => (info.has(name) ? Number(info.get(name)) : null)
  const flag = (name: string): boolean | null => (info.has(name) ? info.get(name) === '1' : null)
  return {
    address: `${node.options.host}:${node.options.port}`,
    version: info.get('redis_version') ?? null,
    runId: info.get('run_id') ?? null,
    isCluster: flag('cluster_enabled'),
    policy: info.get('maxmemory_policy') ?? null,
    samples: await samplesOf(node),
    bytesMax: number('maxmemory'),
    bytesUsed: number('used_memory'),
    machineBytes: number('total_system_memory'),
    appendsToFile: flag('aof_enabled'),
    clock: await clockOf(node),
  }
}

const linesOf = (info: string): readonly (readonly [string, string])[] =>
  info.split('\r\n').flatMap((line) => {
    const at = line.indexOf(':')
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
  })

async function samplesOf(node: Redis): Promise<number | null> {
  const answer = await shown(() => node.config('GET', 'maxmemory-samples'))
  return Array.isArray(answer) && answer.length === 2 ? Number(answer[1]) : null
}

/** Its clock was read somewhere between the sending and the answer. */
async function clockOf(node: Redis): Promise<RedisNodeFacts['clock']> {
  const sentMs = Date.now()
  const answer = await shown(() => node.time())
  if (answer === null) return null
  const withinMs = (Date.now() - sentMs) / 2
  const [seconds, micros] = answer
  return { aheadMs: Number(seconds) * 1_000 + Number(micros) / 1_000 - sentMs - withinMs, withinMs }
}
