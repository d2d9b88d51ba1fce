import { beforeAll, describe, expect, it } from 'vitest'
import { settingsFrom } from '../../src/config/load.ts'
import { findHelm } from '../support/helm/binaries.ts'
import { at, closed, minimal, mutual, ofKind, oneOf, render, strimzi } from '../support/helm/chart.ts'
import { containerOf, environmentOf, podsOf, settingsFile } from '../support/helm/pods.ts'

beforeAll(() => findHelm('4'))

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
      'registry/ca.crt of acme-ca',
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
          return [[name, typeof value === 'string' ? value : 'from the secret']]
        }),
      )
      const { kafka, gateway } = settingsFrom({ file: { name: 'forewarm.yaml', text }, environment })
      expect(kafka.sasl.mechanism === 'none' || kafka.sasl.passwordFile === '/run/forewarm/kafka/password').toBe(true)
      if (one.metadata.name.endsWith('gateway')) expect(gateway.host).toBe('0.0.0.0')
    }
  })
})
