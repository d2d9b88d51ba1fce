/** A release of the chart on a cluster, in a namespace that takes restricted pods alone, around examples/minimal.yaml. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HelmMajor } from '../helm/binaries.ts'
import { chartFolder, helm, minimal } from '../helm/chart.ts'
import type { Cluster } from './cluster.ts'
import type { Engines } from './engines.ts'

export const WORKSPACE = 'acme/web'

/** What the tests wait for at most; on a busy machine eight pods take minutes. */
const patience = '10m'

export type Namespace = {
  readonly name: string
  /** Runs kubectl in it. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  /** The object or list that `kubectl get` answers with. */
  readonly get: (...args: readonly string[]) => Promise<KubernetesObject>
  /** Runs Helm in it on a release called forewarm, `values` on top of the example's. */
  readonly release: (verb: 'install' | 'upgrade', values: object) => Promise<string>
  readonly helm: (...args: readonly string[]) => Promise<string>
  /** A token of the gateway for the workspace. */
  readonly token: string
}

/** What tests read of an object, or of a list. */
export type KubernetesObject = {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: Readonly<Record<string, unknown>>
  readonly status: Readonly<Record<string, unknown>>
  readonly items: readonly KubernetesObject[]
}

export type Place = {
  readonly cluster: Cluster
  readonly engines: Engines
  /** Folder for the files of the workspace. */
  readonly folder: string
  readonly helm: HelmMajor
}

/** Makes the namespace with all that the example names: engines, the volume with the workspace's files, tokens. */
export async function makeNamespace(name: string, place: Place): Promise<Namespace> {
  const { cluster, engines, folder } = place
  const kubectl: Namespace['kubectl'] = (...args) => cluster.kubectl(['--namespace', name, ...args])
  const token = randomUUID()
  await cluster.kubectl(['create', 'namespace', name])
  const restricted = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`)
  await kubectl('label', 'namespace', name, ...restricted)
  await cluster.kubectl(['apply', '--filename', '-'], engines.services(name))
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'README.md'), 'Read me.\n')
  await cluster.kubectl(['apply', '--filename', '-'], volume(name, join(folder, name)))
  await kubectl('create', 'secret', 'generic', 'forewarm-tokens', `--from-literal=tokens=${tokensFile([token])}`)
  await kubectl('create', 'secret', 'generic', 'forewarm-test-token', `--from-literal=token=${token}`)
  const run = (args: readonly string[], input?: string) =>
    helm(place.helm, ['--kubeconfig', cluster.kubeconfig, '--namespace', name, ...args], input)
  return {
    ...{ name, kubectl, token },
    get: async (...args) => JSON.parse(await kubectl('get', ...args, '--output', 'json')),
    release: (verb, values) => {
      const files = [...minimal, '-'].flatMap((file) => ['--values', file])
      const waiting = ['--wait', '--timeout', patience]
      return run([verb, 'forewarm', chartFolder, ...files, ...waiting], JSON.stringify({ ...values }))
    },
    helm: (...args) => run(args),
  }
}

/** The tokens file of a gateway that lets these in to the workspace. */
export function tokensFile(tokens: readonly string[]): string {
  const entries = tokens.map((token, index) => {
    const sha256 = createHash('sha256').update(token).digest('hex')
    return [`test-${index}`, { sha256, workspaces: [WORKSPACE] }]
  })
  return JSON.stringify(Object.fromEntries(entries))
}

const volume = (namespace: string, path: string): string => {
  const shared = { accessModes: ['ReadOnlyMany'], storageClassName: '' }
  const claim = { namespace, name: 'web-files' }
  const items = [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace },
      spec: { ...shared, capacity: { storage: '1Gi' }, hostPath: { path }, claimRef: claim },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: claim,
      spec: { ...shared, resources: { requests: { storage: '1Gi' } }, volumeName: namespace },
    },
  ]
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}
