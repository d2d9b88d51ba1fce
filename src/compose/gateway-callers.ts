/** How the gateway finds out who calls: its certificates, and the issuer of tokens. */
import type { GatewayTls } from '../adapters/http/gateway/https.ts'
import type { OidcOptions } from '../adapters/http/gateway/oidc.ts'
import { pemBlocks } from '../adapters/pem.ts'
import type { Settings } from '../config/schema.ts'
import { certificates } from './certificates.ts'
import { followFile } from './followed-file.ts'

type Gateway = Settings['gateway']

/** Null where the settings name no certificate. Throws FW_CONFIG_INVALID where a file cannot be read. */
export function gatewayTls({ certFile, keyFile, clientCaFile, ...tls }: Gateway['tls']): GatewayTls | null {
  if (certFile === null) return null
  const files: GatewayTls['files'] = certificates({ caFile: clientCaFile, certFile, keyFile })
  if (tls.clientCrlFile !== null) {
    // Of several in one text Node's TLS would take the first alone.
    const lists = followFile(tls.clientCrlFile, 'list of revoked certificates')
    Object.defineProperty(files, 'crl', { enumerable: true, get: () => pemBlocks(lists(), 'X509 CRL') })
  }
  return { files, clientCertificates: clientCaFile === null ? 'none' : tls.clientCertificates }
}

/** Null where the settings name no issuer. Throws FW_CONFIG_INVALID where a file cannot be read. */
export function gatewayOidc({ issuer, audience, caFile, ...oidc }: Gateway['oidc']): OidcOptions | null {
  if (issuer === null || audience === null) return null
  return { ...oidc, issuer, audience, tls: certificates({ caFile, certFile: null, keyFile: null }) }
}
