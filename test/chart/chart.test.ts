import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { settingsFrom } from '../../src/config/load.ts'
import { desiredTopics } from '../../src/flows/topics.ts'
import { at, chartFolder, examplesFolder, helm, type Manifest, ofKind, oneOf, render } from '../support/helm/chart.ts'

const minimal = [join(examplesFolder, 'minimal.yaml')]
const strimzi = [join(examplesFolder, 'strimzi-keda.yaml')]
const mutual = [join(examplesFolder, 'mtls-cluster.yaml')]
const closed = [join(examplesFolder, 'air-gapped.yaml')]

type Container = {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
}

/** The pods that objects make, by the name of the object. */
const podsOf = (manifests: readonly Manifest[]): ReadonlyMap<string, unknown> =>
  new Map(
    manifests.flatMap((one) => {
      const pod =
        one.kind === 'Pod'
          ? one.spec
          : (at(one, 'spec.template.spec') ?? at(one, 'spec.jobTemplate.spec.template.spec'))
      return pod === undefined ? [] : [[`${one.kind} ${one.metadata.name}`, pod] as const]
    }),
  )

const containerOf = (pod: unknown): Container => at(pod, 'containers.0') as Container
const environmentOf = (manifest: Manifest): ReadonlyMap<string, unknown> =>
  new Map(
    containerOf(at(manifest, 'spec.template.spec')).env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  )
const settingsFile = (manifests: readonly Manifest[]): unknown =>
  JSON.parse(oneOf(manifests, 'ConfigMap', 'forewarm').data?.['forewarm.yaml'] ?? '')

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

  it('are asked for their heartbeat alone whether they live, and for their engines whether they can work', async () => {
    for (const one of ofKind(await render({ files: minimal }), 'Deployment')) {
      const port = one.metadata.name.endsWith('gateway') ? 'http' : 'health'
      const probe = (path: string) => ({ httpGet: { path, port } })
      expect(at(one, 'spec.template.spec.containers.0')).toMatchObject({
        startupProbe: probe('/livez'),
        livenessProbe: probe('/livez'),
        readinessProbe: probe('/readyz'),
      })
    }
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

  it('take what all of them take, and what each takes for itself', async () => {
    const values = {
      defaults: { extraEnv: { SHARED: 'a', OWN: 'a' }, nodeSelector: { pool: 'warm' } },
      warm: { extraEnv: { OWN: 'b' }, resources: { limits: { memory: '2Gi' } } },
    }
    const warm = oneOf(await render({ files: minimal, values }), 'Deployment', 'warm')
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

describe.each([...minimal, ...strimzi, ...mutual, ...closed])('every pod of %s', (file) => {
  it('keeps to the Pod Security Standard "restricted", and more', async () => {
    const pods = podsOf(await render({ files: [file] }))
    expect(pods.size).toBeGreaterThan(2)
    for (const [name, pod] of pods) {
      expect([name, pod]).toMatchObject([
        name,
        {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      ])
    }
  })

  it('has each variable once, no secret among them, and what a variable names before it', async () => {
    for (const pod of podsOf(await render({ files: [file] })).values()) {
      const { env } = containerOf(pod)
      const names = env.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      expect(env.filter(({ name, value }) => /PASSWORD$/.test(name) && value !== undefined)).toEqual([])
      for (const [index, { value = '' }] of env.entries()) {
        const named = [...value.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name)
        expect(names.slice(0, index)).toEqual(expect.arrayContaining(named))
      }
    }
  })

  it('is kept by a network policy to what it needs', async () => {
    const manifests = await render({ files: [file] })
    const kept = ofKind(manifests, 'NetworkPolicy').map(
      (one) => at(one, 'spec.podSelector.matchLabels') as Record<string, string>,
    )
    for (const one of manifests.filter(({ kind }) => /^(Deployment|Job|CronJob)$/.test(kind))) {
      const labels = (at(one, 'spec.template.metadata.labels') ??
        at(one, 'spec.jobTemplate.spec.template.metadata.labels')) as Record<string, string>
      const isKept = kept.some((selector) => Object.entries(selector).every(([key, value]) => labels[key] === value))
      expect([one.metadata.name, isKept]).toEqual([one.metadata.name, true])
    }
    expect(manifests.filter(({ kind }) => /Role/.test(kind))).toEqual([])
  })

  it('is one of a few that may go at once, and idle ones may always go', async () => {
    const manifests = await render({ files: [file] })
    const budgets = ofKind(manifests, 'PodDisruptionBudget')
    expect(budgets.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(ofKind(manifests, 'Deployment').map(({ metadata }) => metadata.name)),
    )
    for (const one of budgets)
      expect(one.spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' })
  })
})

describe('secrets', () => {
  it('lie in files, where they may be exchanged: no subPath', async () => {
    const warm = oneOf(await render({ files: mutual }), 'Deployment', 'warm')
    const volumes = at(warm, 'spec.template.spec.volumes') as readonly {
      name: string
      projected?: { sources: readonly { secret: { name: string; items: { path: string }[] } }[] }
    }[]
    const files = volumes.flatMap(({ name, projected }) =>
      (projected?.sources ?? []).flatMap(({ secret }) =>
        secret.items.map(({ path }) => `${name}/${path} of ${secret.name}`),
      ),
    )
    expect(files).toEqual([
      'kafka/client.crt of warm-kafka',
      'kafka/client.key of warm-kafka',
      'kafka/ca.crt of acme-ca',
      'registry/password of registry',
      'model-redis/password of warm-model',
      'model-redis/ca.crt of acme-ca',
      'model-redis/client.crt of forewarm-redis-client',
      'model-redis/client.key of forewarm-redis-client',
      'cache-redis/password of warm-cache',
      'cache-redis/ca.crt of acme-ca',
      'cache-redis/client.crt of forewarm-redis-client',
      'cache-redis/client.key of forewarm-redis-client',
    ])
    expect(JSON.stringify(warm)).not.toContain('subPath')
  })

  it('are those of the process itself, and only of the engines that it talks to', async () => {
    const ingest = oneOf(await render({ files: mutual }), 'Deployment', 'ingest')
    expect(environmentOf(ingest).get('FOREWARM_MODEL__REDIS__USERNAME')).toEqual({
      secretKeyRef: { name: 'ingest-model', key: 'username' },
    })
    expect(environmentOf(ingest).has('FOREWARM_CACHE__REDIS__PASSWORD_FILE')).toBe(false)
    expect(JSON.stringify(ingest)).not.toMatch(/"(predict|warm|gateway|topics)-/)
  })

  it.each([
    ['minimal', minimal],
    ['strimzi', strimzi],
    ['mutual', mutual],
    ['closed', closed],
  ])('the settings and the environment of %s together are what each process takes', async (_, files) => {
    const manifests = await render({ files })
    const text = JSON.stringify(settingsFile(manifests))
    for (const one of ofKind(manifests, 'Deployment')) {
      const environment = new Map(
        [...environmentOf(one)].flatMap(([name, value]) => {
          if (!/^FOREWARM_(?!CONFIG)/.test(name)) return []
          if (name === 'FOREWARM_GATEWAY__TOKENS')
            return [[name, `{ci: {sha256: ${'a'.repeat(64)}, workspaces: [acme/web]}}`]]
          return [[name, typeof value === 'string' ? value : 'from the secret']]
        }),
      )
      const { kafka, gateway } = settingsFrom({ file: { name: 'forewarm.yaml', text }, environment })
      expect(kafka.sasl.mechanism === 'none' || kafka.sasl.passwordFile === '/run/forewarm/kafka/password').toBe(true)
      if (one.metadata.name.endsWith('gateway')) expect(gateway.host).toBe('0.0.0.0')
    }
  })
})

describe('topics', () => {
  it('are made by a Job before all else, with settings of its own at that time', async () => {
    const manifests = await render({ files: minimal })
    const job = oneOf(manifests, 'Job', 'topics')
    expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' })
    const settings = oneOf(manifests, 'ConfigMap', 'topics')
    expect(settings.metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': '-5',
    })
    expect(settings.data).toEqual(oneOf(manifests, 'ConfigMap', 'forewarm').data)
    const pod = at(job, 'spec.template.spec')
    expect(containerOf(pod).args).toEqual(['topics', 'apply'])
    expect([at(pod, 'serviceAccountName'), at(pod, 'volumes.0.configMap.name')]).toEqual(['default', 'forewarm-topics'])
  })

  it('by Strimzi are what the Job would make, which then comes behind', async () => {
    const manifests = await render({ files: strimzi })
    const text = JSON.stringify(settingsFile(manifests))
    const environment = new Map([
      ['FOREWARM_KAFKA__SASL__USERNAME', 'u'],
      ['FOREWARM_KAFKA__SASL__PASSWORD', 'p'],
    ])
    const { kafka, model } = settingsFrom({ file: { name: 'forewarm.yaml', text }, environment })
    const wanted = desiredTopics({ ...kafka, memoryMs: model.limits.memoryMs }).map(
      ({ name, partitions, replicationFactor, settings }) => ({
        topicName: name,
        partitions,
        replicas: replicationFactor,
        config: Object.fromEntries(settings),
      }),
    )
    const byName = (one: unknown): string => String(at(one, 'topicName'))
    const made = ofKind(manifests, 'KafkaTopic').map(({ spec }) => spec)
    expect(made.toSorted((a, b) => byName(a).localeCompare(byName(b)))).toEqual(
      wanted.toSorted((a, b) => byName(a).localeCompare(byName(b))),
    )
    expect(oneOf(manifests, 'Job', 'topics').metadata.annotations).toMatchObject({
      'helm.sh/hook': 'post-install,post-upgrade',
    })
  })

  it('are for each user only those of its process, and nobody but the Job may make some', async () => {
    const users = ofKind(await render({ files: strimzi }), 'KafkaUser')
    const acls = (user: Manifest) =>
      at(user, 'spec.authorization.acls') as readonly {
        resource: { type: string; name: string }
        operations: string[]
      }[]
    const rights = new Map(
      users.map((user) => [
        user.metadata.name.replace('forewarm-', ''),
        acls(user).map(({ resource, operations }) => `${operations} ${resource.name.replace('forewarm.', '')}`),
      ]),
    )
    expect([...rights.keys()].sort()).toEqual(['gateway', 'ingest', 'predict', 'schedule', 'topics', 'warm'])
    expect(rights.get('ingest')).toEqual([
      'Read ingest',
      'Read access-events',
      'Write dead-letters',
      'Read warm-outcomes',
    ])
    expect(rights.get('gateway')).toEqual(['Write access-events', 'Read warm-commands', 'Write warm-requests'])
    const makers = [...rights].filter(([, all]) => all.some((right) => /Create|Alter|Delete|All/.test(right)))
    expect(makers.map(([name]) => name)).toEqual(['topics'])
  })
})

describe('scheduled strategies', () => {
  const entries = [{ name: 'morning', workspace: 'acme/web', strategy: 'production', cron: '0 6 * * *' }]

  it('are begun by predict, from its settings', async () => {
    const manifests = await render({ files: minimal, values: { schedule: { entries } } })
    expect(ofKind(manifests, 'CronJob')).toEqual([])
    expect(at(settingsFile(manifests), 'workspaces.acme/web.schedule')).toEqual([
      { cron: '0 6 * * *', timeZone: 'UTC', strategy: 'production' },
    ])
  })

  it('or by CronJobs, and then by nothing else', async () => {
    const manifests = await render({ files: minimal, values: { schedule: { mode: 'cronjobs', entries } } })
    expect(at(settingsFile(manifests), 'workspaces.acme/web.schedule')).toBeUndefined()
    const job = oneOf(manifests, 'CronJob', 'morning')
    expect(job.spec).toMatchObject({ schedule: '0 6 * * *', timeZone: 'UTC', concurrencyPolicy: 'Forbid' })
    expect(containerOf(at(job, 'spec.jobTemplate.spec.template.spec')).args).toEqual([
      'warm',
      '--workspace',
      'acme/web',
      '--strategy',
      'production',
      '--json',
    ])
  })
})

describe('autoscaling', () => {
  it('leaves the number of pods to who owns it', async () => {
    for (const mode of ['none', 'hpa', 'keda']) {
      const deployments = ofKind(await render({ files: minimal, values: { autoscaling: { mode } } }), 'Deployment')
      for (const one of deployments)
        expect([mode, at(one, 'spec.replicas')]).toEqual([mode, mode === 'none' ? 2 : undefined])
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

describe('monitoring', () => {
  it('puts the dashboards of the chart into ConfigMaps for a sidecar', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'forewarm-dashboards-'))
    try {
      cpSync(chartFolder, folder, { recursive: true })
      mkdirSync(join(folder, 'dashboards'), { recursive: true })
      writeFileSync(join(folder, 'dashboards', 'pipeline.json'), '{"title": "{{ not for Helm }}"}')
      const values = ['--values', join(examplesFolder, 'minimal.yaml'), '--set', 'metrics.dashboards.enabled=true']
      const text = await helm('4', [
        'template',
        'forewarm',
        folder,
        ...values,
        '--show-only',
        'templates/dashboards.yaml',
      ])
      const pipeline = text.split('---').find((one) => one.includes('pipeline.json')) ?? ''
      expect(parse(pipeline)).toMatchObject({
        metadata: { name: 'forewarm-dashboard-pipeline', labels: { grafana_dashboard: '1' } },
        data: { 'pipeline.json': '{"title": "{{ not for Helm }}"}\n' },
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('gives alerts the address of their runbook, and leaves out what is not wanted', async () => {
    const alertsOf = async (values: object) =>
      at(oneOf(await render({ files: strimzi, values }), 'PrometheusRule'), 'spec.groups.0.rules') as readonly {
        alert: string
        annotations: Record<string, string>
      }[]
    const all = await alertsOf({})
    expect(all.map(({ annotations }) => annotations['runbook_url'])).toEqual(
      all.map(({ alert }) => `https://docs.acme.example/forewarm/operations.md#${alert.toLowerCase()}`),
    )
    const fewer = await alertsOf({ metrics: { prometheusRule: { disabled: ['ForewarmDeadLetters'] } } })
    expect(all.length - fewer.length).toBe(1)
  })
})

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
