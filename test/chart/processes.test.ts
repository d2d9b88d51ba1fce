import { beforeAll, describe, expect, it } from 'vitest'
import { findHelm } from '../support/helm/binaries.ts'
import { at, closed, minimal, ofKind, oneOf, render, strimzi } from '../support/helm/chart.ts'
import { containerOf, environmentOf, podsOf, settingsFile } from '../support/helm/pods.ts'

beforeAll(() => findHelm('4'))

describe('the processes', () => {
  it('are four Deployments of one image, each with its own command', async () => {
    const containers = ofKind(await render({ files: minimal }), 'Deployment').map((one) =>
      containerOf(at(one, 'spec.template.spec')),
    )
    expect(new Map(containers.map(({ name, args }) => [name, args]))).toEqual(
      new Map([
        ['ingest', ['ingest']],
        ['predict', ['predict']],
        ['warm', ['worker']],
        ['gateway', ['gateway']],
      ]),
    )
    expect(new Set(containers.map(({ image }) => image))).toEqual(new Set(['forewarm:0.1.0']))
  })

  it('come from the image with the digest where one is given', async () => {
    const [first] = podsOf(await render({ files: closed })).values()
    expect(containerOf(first).image).toMatch(/^registry\.internal:5000\/platform\/forewarm@sha256:[0-9a-f]{64}$/)
  })

  it('have started once they have joined, live by their heartbeat alone, and can work when their engines answer', async () => {
    for (const one of ofKind(await render({ files: minimal }), 'Deployment')) {
      // The gateway too: whatever certificates and tokens it asks for, a probe needs none.
      const probe = (path: string) => ({ httpGet: { path, port: 'health' } })
      expect(at(one, 'spec.template.spec.containers.0')).toMatchObject({
        startupProbe: probe('/readyz'),
        livenessProbe: probe('/livez'),
        readinessProbe: probe('/readyz'),
      })
    }
  })

  it('are a gateway over HTTPS where it has a certificate, which services and the test then know', async () => {
    const tls = { secret: 'web-tls', clientCaSecret: 'clients', clientCrlSecret: 'revoked' }
    const issuer = { issuer: 'https://issuer.acme.example', audience: 'forewarm' }
    const gatewayValues = { tls, oidc: { caSecret: 'acme-ca' } }
    const values = { gateway: gatewayValues, settings: { gateway: { oidc: issuer } }, tests: { caSecret: 'web-tls' } }
    const manifests = await render({ files: minimal, values })
    expect(settingsFile(manifests)).toMatchObject({
      gateway: {
        tls: {
          ...{ certFile: '/run/forewarm/gateway/tls.crt', keyFile: '/run/forewarm/gateway/tls.key' },
          ...{ clientCaFile: '/run/forewarm/gateway/client-ca.crt', clientCertificates: 'optional' },
          clientCrlFile: '/run/forewarm/gateway/client-ca.crl',
        },
        oidc: { ...issuer, caFile: '/run/forewarm/gateway/issuer-ca.crt' },
      },
    })
    const gateway = oneOf(manifests, 'Deployment', 'gateway')
    const volumes = at(gateway, 'spec.template.spec.volumes') as readonly { name: string; projected?: unknown }[]
    const items = (key: string, path: string) => ({ key, path })
    expect(volumes.find(({ name }) => name === 'gateway')?.projected).toMatchObject({
      sources: [
        { secret: { name: 'forewarm-tokens', items: [items('tokens', 'tokens')] } },
        { secret: { name: 'web-tls', items: [items('tls.crt', 'tls.crt'), items('tls.key', 'tls.key')] } },
        { secret: { name: 'clients', items: [items('ca.crt', 'client-ca.crt')] } },
        { secret: { name: 'revoked', items: [items('ca.crl', 'client-ca.crl')] } },
        { secret: { name: 'acme-ca', items: [items('ca.crt', 'issuer-ca.crt')] } },
      ],
    })
    expect(at(oneOf(manifests, 'Service', 'forewarm-gateway'), 'spec.ports.0.appProtocol')).toBe('https')
    const test = JSON.stringify(podsOf(manifests).get('Pod forewarm-test'))
    expect(test).toContain('https://forewarm-gateway:8787')
    expect(test).toContain('"name":"NODE_EXTRA_CA_CERTS","value":"/run/forewarm/ca.crt"')
  })

  it('have the time to end in order, and the gateway leaves its service first', async () => {
    const manifests = await render({ files: minimal })
    for (const one of ofKind(manifests, 'Deployment')) {
      expect(at(one, 'spec.template.spec.terminationGracePeriodSeconds')).toBeGreaterThanOrEqual(15)
    }
    const gateway = oneOf(manifests, 'Deployment', 'gateway')
    expect(at(gateway, 'spec.template.spec.containers.0.lifecycle.preStop.sleep.seconds')).toBe(5)
    expect(at(gateway, 'spec.template.spec.terminationGracePeriodSeconds')).toBeGreaterThanOrEqual(5 + 15)
  })

  it('are replaced without a surplus consumer, which would have no partition', async () => {
    const manifests = await render({ files: minimal })
    expect(at(oneOf(manifests, 'Deployment', 'ingest'), 'spec.strategy.rollingUpdate')).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    })
    expect(at(oneOf(manifests, 'Deployment', 'gateway'), 'spec.strategy.rollingUpdate')).toEqual({
      maxSurge: 1,
      maxUnavailable: 0,
    })
  })

  it('start anew when the settings change, and only then', async () => {
    const sums = async (values: object) => {
      const one = oneOf(await render({ files: minimal, values }), 'Deployment', 'ingest')
      return at(one, 'spec.template.metadata.annotations')
    }
    const [plain, same, other] = await Promise.all([
      sums({}),
      sums({ ingest: { replicas: 3 } }),
      sums({ settings: { log: { level: 'debug' } } }),
    ])
    expect(same).toEqual(plain)
    expect(other).not.toEqual(plain)
  })

  it('say who they are to collectors of logs by annotations, as they do in their own telemetry', async () => {
    const warm = oneOf(
      await render({ files: minimal, values: { fullnameOverride: 'prod-forewarm' } }),
      'Deployment',
      'warm',
    )
    expect(at(warm, 'spec.template.metadata.annotations')).toMatchObject({
      'resource.opentelemetry.io/service.name': 'forewarm-warm',
      'resource.opentelemetry.io/service.namespace': 'prod-forewarm',
      'resource.opentelemetry.io/service.version': '0.1.0',
    })
    const own = String(environmentOf(warm).get('OTEL_RESOURCE_ATTRIBUTES')).split(',')
    expect(own).toContain('service.namespace=prod-forewarm')
    expect(own).toContain('service.instance.id=$(K8S_NAMESPACE).$(K8S_POD_NAME).warm')
  })

  it('take what all of them take, and what each takes for itself', async () => {
    const values = {
      defaults: { extraEnv: { SHARED: 'a', OWN: 'a' }, nodeSelector: { pool: 'warm' } },
      warm: { extraEnv: { OWN: 'b' }, resources: { limits: { memory: '2Gi' } } },
    }
    const warm = oneOf(await render({ files: minimal, values }), 'Deployment', 'warm')
    expect(environmentOf(warm).get('NODE_OPTIONS')).toBe('--max-old-space-size-percentage=75')
    expect([environmentOf(warm).get('SHARED'), environmentOf(warm).get('OWN')]).toEqual(['a', 'b'])
    expect(at(warm, 'spec.template.spec.nodeSelector')).toEqual({ pool: 'warm' })
    expect(at(warm, 'spec.template.spec.containers.0.resources.limits')).toMatchObject({ memory: '2Gi' })
  })

  it('of predict and warm see the files of workspaces, read-only', async () => {
    for (const one of ofKind(await render({ files: minimal }), 'Deployment')) {
      const mount = containerOf(at(one, 'spec.template.spec')).volumeMounts.find(({ name }) => name === 'web')
      const needs = /(predict|warm)$/.test(one.metadata.name)
      expect([one.metadata.name, mount?.readOnly]).toEqual([one.metadata.name, needs ? true : undefined])
    }
  })
})

describe('autoscaling', () => {
  it('leaves the number of pods to who owns it', async () => {
    for (const mode of ['none', 'hpa', 'keda']) {
      const deployments = ofKind(await render({ files: minimal, values: { autoscaling: { mode } } }), 'Deployment')
      for (const one of deployments)
        expect([mode, at(one, 'spec.replicas')]).toEqual([mode, mode === 'none' ? 1 : undefined])
    }
  })

  it('by KEDA follows the lag of the groups, up to the partitions and slowly down', async () => {
    const manifests = await render({ files: strimzi })
    const [ingest, warm] = ['ingest', 'warm'].map((role) => oneOf(manifests, 'ScaledObject', role))
    expect(ingest?.spec).toMatchObject({
      minReplicaCount: 1,
      maxReplicaCount: 32,
      advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 600 } } } },
      triggers: [
        {
          metadata: {
            topic: 'forewarm.access-events',
            consumerGroup: 'forewarm.ingest',
            allowIdleConsumers: 'false',
            sasl: 'scram_sha512',
            tls: 'enable',
          },
        },
        { metadata: { topic: 'forewarm.warm-outcomes', consumerGroup: 'forewarm.ingest' } },
      ],
    })
    expect(warm?.spec).toMatchObject({
      minReplicaCount: 0,
      maxReplicaCount: 64,
      triggers: [
        {
          metadata: { topic: 'forewarm.warm-commands', consumerGroup: 'forewarm.warm' },
          authenticationRef: { name: 'forewarm-warm' },
        },
      ],
    })
    expect(oneOf(manifests, 'TriggerAuthentication', 'warm').spec).toEqual({
      env: [{ parameter: 'username', name: 'FOREWARM_KAFKA__SASL__USERNAME', containerName: 'warm' }],
      secretTargetRef: [
        { parameter: 'ca', name: 'events-cluster-ca-cert', key: 'ca.crt' },
        { parameter: 'password', name: 'forewarm-warm', key: 'password' },
      ],
    })
    expect(ofKind(manifests, 'HorizontalPodAutoscaler').map(({ metadata }) => metadata.name)).toEqual([
      'forewarm-gateway',
    ])
  })
})
