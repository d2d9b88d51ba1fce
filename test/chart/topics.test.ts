import { beforeAll, describe, expect, it } from 'vitest'
import { settingsFrom } from '../../src/config/load.ts'
import { desiredTopics } from '../../src/flows/topics.ts'
import { findHelm } from '../support/helm/binaries.ts'
import { at, type Manifest, minimal, ofKind, oneOf, render, strimzi } from '../support/helm/chart.ts'
import { containerOf, settingsFile } from '../support/helm/pods.ts'

beforeAll(() => findHelm('4'))

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

  it.each([
    ['scram-sha-512', ['password', 'ssl.truststore.crt']],
    ['tls', ['ssl.keystore.crt', 'ssl.keystore.key', 'ssl.truststore.crt']],
  ])('of Strimzi in another namespace are reached by a KafkaAccess a process: %s', async (mechanism, keys) => {
    const values = { strimzi: { namespace: 'kafka', access: true }, kafka: { auth: { mechanism } } }
    const manifests = await render({ files: strimzi, values })
    const users = ofKind(manifests, 'KafkaUser').map(({ metadata }) => metadata.name)
    const access = ofKind(manifests, 'KafkaAccess')
    expect(access.map(({ spec }) => at(spec, 'user.name'))).toEqual(users)
    expect(new Set(access.map(({ spec }) => at(spec, 'user.namespace')))).toEqual(new Set(['kafka']))
    const warm = access.find(({ metadata }) => metadata.name.endsWith('-warm-access'))
    expect(warm?.metadata.namespace).not.toBe('kafka')
    const volumes = at(oneOf(manifests, 'Deployment', 'warm'), 'spec.template.spec.volumes') as readonly Manifest[]
    const kafka = volumes.find((volume) => at(volume, 'name') === 'kafka')
    const sources = at(kafka, 'projected.sources') as readonly object[]
    expect(new Set(sources.map((source) => at(source, 'secret.name')))).toEqual(new Set([warm?.metadata.name]))
    const items = sources.flatMap((source) => at(source, 'secret.items') as readonly { key: string }[])
    expect(items.map(({ key }) => key)).toEqual(keys)
    const keda = ofKind(manifests, 'TriggerAuthentication').find(({ metadata }) => metadata.name.endsWith('-warm'))
    const targets = at(keda, 'spec.secretTargetRef') as readonly { name: string; key: string }[]
    const used = targets.filter(({ name }) => name === warm?.metadata.name).map(({ key }) => key)
    expect(used.toSorted()).toEqual(keys)
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
