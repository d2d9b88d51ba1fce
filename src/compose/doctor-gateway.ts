/** What the gateway stands on beside the engines: its certificate, its tokens, and the issuer of others. */

import { usableFiles } from '../adapters/http/gateway/https.ts'
import { createTokenVerifier } from '../adapters/http/gateway/oidc.ts'
import { SILENT_LOG } from '../adapters/memory/telemetry.ts'
import { certificatesIn } from '../adapters/tls/certificates.ts'
import type { Settings } from '../config/schema.ts'
import { certificateFinding } from '../flows/doctor/certificate.ts'
import { type Finding, findingsOf } from '../flows/doctor/finding.ts'
import { tokenFinding } from '../flows/doctor/token.ts'
import { gatewayOidc, gatewayTls } from './gateway-callers.ts'
import { followTokens } from './gateway-tokens.ts'

type Gateway = Settings['gateway']

export const GATEWAY = 'the gateway'
export const ISSUER = 'the issuer of tokens'

/** Rejects with FW_CONFIG_INVALID where its certificate or its tokens cannot be used. */
export async function examineGateway(gateway: Gateway): Promise<readonly Finding[]> {
  const say = { ...findingsOf(GATEWAY), nowMs: Date.now() }
  const tls = gatewayTls(gateway.tls)
  const files = tls === null ? {} : usableFiles({ ...tls.files })
  const certificates = [
    ['gateway.tls.certFile', files.cert],
    ['gateway.tls.clientCaFile', files.ca],
  ] as const
  const followed = followTokens(gateway, SILENT_LOG)
  followed.stop()
  return [
    ...certificates.flatMap(([name, text]) =>
      certificatesIn(String(text ?? '')).map((found) => certificateFinding(name, found, say)),
    ),
    ...[...followed.tokens].map(([name, { expiresAt }]) => tokenFinding(name, expiresAt, say)),
  ]
}

/** Rejects with FW_ISSUER_UNAVAILABLE where it does not give its keys. */
export async function examineIssuer(gateway: Gateway): Promise<readonly Finding[]> {
  const oidc = gatewayOidc(gateway.oidc)
  if (oidc === null) return []
  const verifier = createTokenVerifier(oidc, SILENT_LOG)
  try {
    await verifier.ready()
    return [findingsOf(ISSUER).ok(`${oidc.issuer} gives its keys`)]
  } finally {
    verifier.stop()
  }
}
