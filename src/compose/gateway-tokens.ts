/** The gateway's tokens: those of the settings and those of a file, which is read again when it changes. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Settings } from '../config/schema.ts'
import { tokensFrom } from '../config/tokens.ts'
import { ForewarmError, messageOf } from '../ports/errors.ts'
import type { Log } from '../ports/telemetry.ts'

/** Time between two looks at the file: how long a token that was taken out of it may still be used. */
const LOOK_MS = 1_000

export type FollowedTokens = {
  /** Always as the file last said; whoever holds the map sees the changes. */
  readonly tokens: GatewayTokens
  stop(): void
}

type GatewayTokens = Settings['gateway']['tokens']

/**
 * Throws FW_CONFIG_INVALID where the file cannot be read at first. Later a bad file is logged and the last good one
 * holds.
 */
export function followTokens(gateway: Settings['gateway'], logger: Log): FollowedTokens {
  const { tokens: own, tokensFile: file } = gateway
  if (file === null) return { tokens: own, stop: () => {} }
  let last = readFirst(file)
  const read = (text: string) => joined(own, tokensFrom(text, { file, gateway }), file)
  const tokens = new Map(read(last))
  const look = async () => {
    const text = await readFile(file, 'utf8')
    if (text === last) return
    const next = read(text)
    last = text
    complaint = ''
    tokens.clear()
    for (const [name, token] of next) tokens.set(name, token)
    logger.info({ file, tokens: tokens.size }, 'the tokens were read again')
  }
  const complain = (cause: unknown) => {
    const text = messageOf(cause)
    if (text !== complaint) logger.error({ file }, 'the tokens cannot be read again: the last good ones hold', cause)
    complaint = text
  }
  let complaint = ''
  const timer = setInterval(() => void look().catch(complain), LOOK_MS)
  timer.unref()
  return { tokens, stop: () => clearInterval(timer) }
}

function readFirst(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const mend = 'name an existing file as gateway.tokensFile, or make one with `forewarm token create`'
    throw new ForewarmError('FW_CONFIG_INVALID', `cannot read the tokens file ${file}: ${mend}`, { cause })
  }
}

function joined(own: GatewayTokens, read: GatewayTokens, file: string): GatewayTokens {
  const twice = [...read.keys()].find((name) => own.has(name))
  if (twice === undefined) return new Map([...own, ...read])
  throw new ForewarmError('FW_CONFIG_INVALID', `${file} names ${twice}, which gateway.tokens has too: rename one`)
}
