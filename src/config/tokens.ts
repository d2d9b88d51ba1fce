/** The file of the gateway's tokens: YAML or JSON with the same as `gateway.tokens`. */
import { ForewarmError } from '../ports/errors.ts'
import { valuesFrom } from './load.ts'
import type { Settings } from './schema.ts'
import { nodeOf } from './schema-node.ts'
import { tokensSection } from './schema-serve.ts'
import { readYaml } from './source-yaml.ts'

export type GatewayTokens = Settings['gateway']['tokens']

/** Checked tokens. Throws FW_CONFIG_INVALID, also where there are none: an empty file must not open the gateway to all. */
export function tokensFrom(text: string, file: string): GatewayTokens {
  const schema = nodeOf(tokensSection)
  const tokens = valuesFrom(schema, readYaml(text, file, schema), 'FW_CONFIG_INVALID') as GatewayTokens
  if (tokens.size > 0) return tokens
  throw new ForewarmError('FW_CONFIG_INVALID', `${file} holds no tokens: make one with \`forewarm token create\``)
}
