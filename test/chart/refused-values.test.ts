import { beforeAll, describe, expect, it } from 'vitest'
import { findHelm } from '../support/helm/binaries.ts'
import { minimal, render } from '../support/helm/chart.ts'

beforeAll(() => findHelm('4'))

describe('values that cannot work', () => {
  it('are those without addresses, each of which is asked for', async () => {
    const kafka = { brokers: ['kafka:9092'] }
    const registry = { url: 'http://registry' }
    const model = { redis: { urls: ['redis://model'] } }
    const needed = [
      [{}, 'settings.kafka.brokers is needed'],
      [{ kafka }, 'settings.registry.url is needed'],
      [{ kafka, registry }, 'settings.model.redis.urls is needed'],
      [{ kafka, registry, model }, 'settings.cache.redis.urls is needed'],
    ] as const
    for (const [settings, message] of needed) expect(await refused({ settings }, [])).toContain(message)
  })

  const refused = async (values: object, files = minimal): Promise<string> =>
    render({ files, values }).then(
      () => 'rendered',
      (error: Error) => error.message,
    )

  it.each([
    ['a gateway open to all', { gateway: { tokensSecret: '' } }, 'the gateway can be reached by others'],
    [
      'client certificates without HTTPS',
      { gateway: { tls: { clientCaSecret: 'clients' } } },
      'set gateway.tls.secret',
    ],
    [
      'client certificates of nobody',
      { gateway: { tls: { secret: 'web-tls', clientCertificates: 'required' } } },
      'nobody could come in',
    ],
    [
      'revoked certificates of nobody',
      { gateway: { tls: { secret: 'web-tls', clientCrlSecret: 'revoked' } } },
      'set gateway.tls.clientCaSecret',
    ],
    ['authorities of no issuer', { gateway: { oidc: { caSecret: 'acme-ca' } } }, 'set settings.gateway.oidc.issuer'],
    [
      'a test that cannot come in',
      { gateway: { tls: { secret: 'web-tls', clientCaSecret: 'clients', clientCertificates: 'required' } } },
      'the test of tests.workspace has none: set tests.certSecret',
    ],
    [
      'a password in an address',
      { settings: { cache: { redis: { urls: ['redis://:secret@redis-cache'] } } } },
      'holds a password',
    ],
    [
      'two monitors',
      { metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
      'counted twice',
    ],
    [
      'more pods than partitions',
      { ingest: { replicas: 17 } },
      '17 pods of ingest are asked for, and there are 16 partitions',
    ],
    ['scaling beyond partitions', { autoscaling: { mode: 'keda', warm: { max: 99 } } }, '99 pods of warm'],
    ['no pods by an HPA', { autoscaling: { mode: 'hpa', warm: { min: 0 } } }, 'only keda can scale to zero'],
    ['credentials without a secret', { kafka: { auth: { mechanism: 'scram-sha-512' } } }, 'ingest has no credentials'],
    [
      'a user that Strimzi cannot make',
      { strimzi: { enabled: true, cluster: 'events' } },
      'Strimzi makes users for scram-sha-512 and tls',
    ],
    [
      'a schedule twice',
      {
        schedule: { mode: 'cronjobs' },
        settings: { strategies: { production: { schedule: [{ cron: '0 6 * * *' }] } } },
      },
      'runs would begin twice',
    ],
    [
      'a schedule of no workspace',
      { schedule: { entries: [{ name: 'x', workspace: 'nobody', strategy: 'ci', cron: '* * * * *' }] } },
      'settings.workspaces does not have',
    ],
    [
      'an unknown setting',
      { settings: { predict: { agressiveness: 'low' } } },
      "additional properties 'agressiveness' not allowed",
    ],
    ['a setting out of range', { settings: { warm: { concurrency: 0 } } }, '/settings/warm/concurrency'],
    ['an unknown value', { warm: { replica: 2 } }, "additional properties 'replica' not allowed"],
    [
      'a secret among the settings',
      { settings: { registry: { password: 'x' } } },
      "additional properties 'password' not allowed",
    ],
  ])('are refused with their mend: %s', async (_, values, message) => {
    expect(await refused(values)).toContain(message)
  })
})
