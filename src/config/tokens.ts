/** The file of the gateway's tokens: YAML or JSON with the same as `gateway.tokens`. */
import { ForewarmError } from '../ports/errors.ts'
import { valuesFrom } from './load.ts'
import { brokenTokens, type GatewayTokens } from './rules-gateway.ts'
import type { Settings } from './schema.ts'
import { tokensSection } from './schema-gateway.ts'
import { nodeOf } from './schema-node.ts'
import { readYaml } from './source-yaml.ts'

type From = {
  /** Name of the file, for messages. */
  readonly file: string
  /** What the tokens lean on; unless given they are only looked at in themselves. */
  readonly gateway?: Pick<Settings['gateway'], 'tls' | 'oidc'>
}

/** Checked tokens. Throws FW_CONFIG_INVALID, also where there are none: an empty file must not open the gateway to all. */
export function tokensFrom(text: string, { file, gateway }: From): GatewayTokens {
  const schema = nodeOf(tokensSection)
  const tokens = valuesFrom(schema, readYaml(text, file, schema), 'FW_CONFIG_INVALID') as GatewayTokens
  const broken = brokenTokens(tokens, gateway)
  if (broken.length > 0) {
    throw new ForewarmError('FW_CONFIG_INVALID', broken.map((problem) => `${file}: ${problem}`).join('\n'))
  }
  if (tokens.size > 0) return tokens
  throw new ForewarmError('FW_CONFIG_INVALID', `${file} holds no tokens: make one with \`forewarm token create\``)
}
