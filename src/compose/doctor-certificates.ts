/**
 * Certificates of a deployment: those in the settings' files, those that servers show, and whether servers take the
 * clients'.
 */
import { readFileSync } from 'node:fs'
import { certificatesIn, lookAtTls } from '../adapters/tls/certificates.ts'
import type { RedisSettings, Settings } from '../config/schema.ts'
import { certificateFinding, tlsFinding } from '../flows/doctor/certificate.ts'
import { type Finding, findingsOf } from '../flows/doctor/finding.ts'
import { type DoctorRole, NEEDS } from '../flows/doctor/needs.ts'
import { SUBJECTS } from '../flows/doctor/redis.ts'
import { type CertificateFiles, certificates } from './certificates.ts'

type Place = {
  readonly subject: string
  /** Where its settings are. */
  readonly path: string
  readonly tls: CertificateFiles & { readonly enabled: boolean }
  readonly servers: readonly { readonly host: string; readonly port: number }[]
}

const REDIS_PORT = 6_379
const HTTPS_PORT = 443

/** Only what these roles go to. Servers that do not answer are told of elsewhere. */
export async function examineCertificates(
  { kafka, registry, model, cache }: Settings,
  roles: readonly DoctorRole[],
): Promise<readonly Finding[]> {
  const goes = (kind: 'models' | 'cache') => roles.some((role) => NEEDS[role][kind] !== null)
  const redis = (kind: 'models' | 'cache', path: string, { urls, tls }: RedisSettings): readonly Place[] => {
    const addresses = urls.map((url) => new URL(url))
    const enabled = tls.enabled || addresses.some(({ protocol }) => protocol === 'rediss:')
    const servers = addresses.map(({ hostname, port }) => ({ host: hostname, port: Number(port || REDIS_PORT) }))
    return goes(kind) ? [{ subject: SUBJECTS[kind], path, tls: { ...tls, enabled }, servers }] : []
  }
  const brokers = kafka.brokers.map((address) => new URL(`kafka://${address}`))
  const { hostname, port, protocol } = new URL(registry.url)
  const places: readonly Place[] = [
    {
      ...{ subject: 'the registry', path: 'registry.tls', tls: { ...registry.tls, enabled: protocol === 'https:' } },
      servers: [{ host: hostname, port: Number(port || HTTPS_PORT) }],
    },
    {
      ...{ subject: 'Kafka', path: 'kafka.tls', tls: kafka.tls },
      servers: brokers.map(({ hostname, port }) => ({ host: hostname, port: Number(port) })),
    },
    ...redis('models', 'model.redis.tls', model.redis),
    ...redis('cache', 'cache.redis.tls', cache.redis),
  ]
  return (await Promise.all(places.filter(({ tls }) => tls.enabled).map(examinePlace))).flat()
}

async function examinePlace({ subject, path, tls, servers }: Place): Promise<readonly Finding[]> {
  const say = { ...findingsOf(subject), nowMs: Date.now() }
  const files = (['caFile', 'certFile'] as const).flatMap((name) =>
    certificatesIn(textOf(tls[name])).map((found) => certificateFinding(`${path}.${name}`, found, say)),
  )
  const shown = await Promise.all(
    servers.map(async (server) => {
      const address = `${server.host}:${server.port}`
      const { shown, fault } = await lookAtTls(server, certificates(tls))
      const certificate = shown === null ? [] : [certificateFinding(address, shown, say)]
      // That it has ended is said of the certificate.
      if (fault === null || (fault.kind === 'ended' && shown !== null)) return certificate
      return [...certificate, tlsFinding({ ...fault, address, path, hasOwn: tls.certFile !== null }, say)]
    }),
  )
  return [...files, ...shown.flat()]
}

/** A file that cannot be read is told of by the client that needs it. */
function textOf(file: string | null): string {
  try {
    return file === null ? '' : readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
