import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { closed, type Manifest, minimal, mutual, render, strimzi } from '../support/helm/chart.ts'
import { type Cluster, startCluster } from '../support/kubernetes/cluster.ts'
import { type Engines, startEngines } from '../support/kubernetes/engines.ts'
import { thisMachine } from '../support/kubernetes/machine.ts'
import {
  type KubernetesObject,
  makeNamespace,
  type Namespace,
  tokensFile,
  WORKSPACE,
} from '../support/kubernetes/release.ts'

const processes = ['ingest', 'predict', 'warm', 'gateway']
const namespaceName = 'forewarm'
const workspacePath = `/v1/workspaces/${encodeURIComponent(WORKSPACE)}`

const { folder, address } = thisMachine()
let cluster: Cluster
let engines: Engines
let namespace: Namespace

beforeAll(async () => {
  ;[cluster, engines] = await Promise.all([startCluster(thisMachine()), startEngines(address)])
  namespace = await makeNamespace(namespaceName, { cluster, engines, folder, helm: '4' })
})
afterAll(async () => {
  await cluster?.stop()
  await engines?.stop()
})

/** What the release is told on top of the example. */
const values = (more: object = {}) => ({
  settings: { registry: { url: `http://registry:8081${engines.registryPath}` } },
  ...more,
})

const podsOf = async (process: string): Promise<readonly KubernetesObject[]> =>
  (await namespace.get('pods', '--selector', `app.kubernetes.io/component=${process}`)).items

/** Asks the gateway by the address of its Service, as an analyzer in another pod does. */
async function gateway(path: string, init: RequestInit = {}, token = namespace.token): Promise<Response> {
  const { spec } = await namespace.get('service', 'forewarm-gateway')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return fetch(`http://${spec['clusterIP']}:8787${path}`, { ...init, headers })
}

const publish = (session: string, paths: readonly string[]): Promise<Response> =>
  gateway(`${workspacePath}/accesses`, {
    method: 'POST',
    body: JSON.stringify({ session, analyzer: 'test', accesses: paths.map((path) => ({ path, timeMs: Date.now() })) }),
  })

/** How many reads the models have learned. */
async function learnedReads(): Promise<number> {
  const status = await (await gateway(`${workspacePath}/status`)).json()
  return (status as { learned: { accesses: number } | null }).learned?.accesses ?? 0
}

/** Those that the cluster's own API server knows: operators bring the others. */
const isBuiltIn = ({ apiVersion }: Manifest): boolean => !apiVersion.includes('.') || apiVersion.includes('.k8s.io/')

describe('the chart on a cluster', () => {
  it.each([...[...minimal, ...strimzi, ...mutual, ...closed]])(
    '%s passes the checks of the API server, and those on restricted pods',
    async (file) => {
      const items = (await render({ files: [file] })).filter(isBuiltIn)
      // A pod is refused without its account.
      await namespace.kubectl('create', 'serviceaccount', 'forewarm')
      const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--warnings-as-errors']
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
      const applied = await cluster.kubectl([...args, '--output=name', '--filename', '-'], list)
      await namespace.kubectl('delete', 'serviceaccount', 'forewarm')
      expect(applied.trim().split('\n')).toHaveLength(items.length)
    },
  )

  it('becomes ready where restricted pods alone are let in', async () => {
    const privileged = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'other' },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    }
    const refused = cluster.kubectl(
      ['--namespace', namespaceName, 'apply', '--filename', '-'],
      JSON.stringify(privileged),
    )
    await expect(refused).rejects.toThrow('violates PodSecurity "restricted')
    await namespace.release('install', values())
    for (const process of processes) {
      const { status } = await namespace.get('deployment', `forewarm-${process}`)
      expect([process, status['readyReplicas']]).toEqual([process, 1])
    }
  })

  it('has made topics that its test sees a warm hit through', async () => {
    expect(await namespace.helm('test', 'forewarm', '--logs')).toMatch(/looked it up: (warmHit|hit)/)
  })

  it('shows the live page by the Service', async () => {
    expect(await (await gateway('/')).text()).toContain('<title>')
  })

  it('lets in whose token is added to the secret, without a restart', async () => {
    const added = randomUUID()
    const patch = JSON.stringify({ stringData: { tokens: tokensFile([namespace.token, added]) } })
    const before = await podsOf('gateway')
    await namespace.kubectl('patch', 'secret', 'forewarm-tokens', '--type=merge', '--patch', patch)
    const asked = async () => (await gateway(`${workspacePath}/status`, {}, added)).status
    // The kubelet looks at what is mounted once a minute or so.
    await eventually(asked, (status) => status === 200, { what: 'that the token is known', withinMs: 240_000 })
    const after = await podsOf('gateway')
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid))
    expect(JSON.stringify(after.map(({ status }) => status['containerStatuses']))).toContain('"restartCount":0')
  })

  it('gives Node its share of the memory that the pod may take', async () => {
    const code = 'JSON.stringify([v8.getHeapStatistics().heap_size_limit, process.constrainedMemory()])'
    const asked = await namespace.kubectl('exec', 'deployment/forewarm-predict', '--', 'node', '--print', code)
    const [heapBytes, limitBytes] = JSON.parse(asked) as [number, number]
    expect(limitBytes).toBe(1024 * 1024 * 1024)
    // What V8 keeps for young objects comes on top of the share.
    expect(heapBytes / limitBytes).toBeGreaterThanOrEqual(0.75)
    expect(heapBytes / limitBytes).toBeLessThan(0.85)
  })

  it('rolls every pod when a setting changes, ends each in order, and takes all reads meanwhile', async () => {
    const before = await Promise.all(processes.map(podsOf))
    const names = before.flat().map(({ metadata }) => `pod/${metadata.name}`)
    // Kept until somebody has seen how they ended.
    const hold = (finalizers: readonly string[]) =>
      namespace.kubectl('patch', ...names, '--type=merge', '--patch', JSON.stringify({ metadata: { finalizers } }))
    await hold(['forewarm.test/seen'])
    const rolling = namespace.release(
      'upgrade',
      values({ settings: { ...values().settings, predict: { predictor: 'models' } } }),
    )
    let rolled = false
    const end = () => {
      rolled = true
    }
    rolling.then(end, end)
    const learnedBefore = await learnedReads()
    const said: number[] = []
    while (!rolled) said.push((await publish(`roll-${said.length}`, ['README.md'])).status)
    await rolling
    expect(new Set(said)).toEqual(new Set([202]))
    const isLearned = (reads: number): boolean => reads >= learnedBefore + said.length
    await eventually(learnedReads, isLearned, { what: `that ${said.length} more reads are learned` })
    const codeOf = async (name: string) => {
      const { status } = await namespace.get(name)
      const [container] = status['containerStatuses'] as { state: { terminated?: { exitCode: number } } }[]
      return container?.state.terminated?.exitCode
    }
    const codes = await eventually(
      () => Promise.all(names.map(codeOf)),
      (seen) => !seen.includes(undefined),
    )
    await hold([])
    expect(codes).toEqual(names.map(() => 0))
  })

  it('goes on where a pod is killed', async () => {
    const [killed] = await podsOf('predict')
    await namespace.kubectl('delete', 'pod', `${killed?.metadata.name}`, '--grace-period=0', '--force')
    await namespace.kubectl('rollout', 'status', 'deployment/forewarm-predict', '--timeout=5m')
    const pods = await podsOf('predict')
    expect(pods.map(({ metadata }) => metadata.uid)).not.toContain(killed?.metadata.uid)
    expect(await namespace.helm('test', 'forewarm')).toContain('Succeeded')
  })

  it('runs its strategies by CronJobs, and leaves the number of pods to an autoscaler', async () => {
    const entries = [{ name: 'nightly', workspace: WORKSPACE, strategy: 'production', cron: '0 3 * * *' }]
    await namespace.release(
      'upgrade',
      values({ schedule: { mode: 'cronjobs', entries }, autoscaling: { mode: 'hpa' } }),
    )
    await namespace.kubectl('create', 'job', '--from=cronjob/forewarm-nightly', 'now')
    await namespace.kubectl('wait', '--for=condition=Complete', 'job/now', '--timeout=5m')
    await namespace.kubectl('delete', 'job', 'now')
    const { items } = await namespace.get('horizontalpodautoscalers')
    expect(items.map(({ metadata }) => metadata.name)).toEqual(processes.map((name) => `forewarm-${name}`).sort())
  })

  it('is gone without a trace when it is uninstalled', async () => {
    await namespace.helm('uninstall', 'forewarm', '--wait')
    const kinds = (await cluster.kubectl(['api-resources', '--namespaced', '--verbs=list', '--output=name'])).trim()
    const all = kinds
      .split('\n')
      .filter((kind) => !kind.startsWith('events'))
      .join()
    const left = async () =>
      (await namespace.get(all, '--selector', 'app.kubernetes.io/instance=forewarm')).items.map(
        ({ kind, metadata }) => `${kind} ${metadata.name}`,
      )
    expect(await eventually(left, (seen) => seen.length === 0)).toEqual([])
  })
})
