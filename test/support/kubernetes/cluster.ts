/**
 * A Kubernetes cluster of one node on the machine that machine.sh makes: Kubernetes' own programs, CoreDNS, Debian's
 * containerd and network plugins. Nothing in it enforces NetworkPolicies.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOn } from '../helm/run.ts'
import { issueCertificates } from '../services/certificates.ts'
import { runCommand } from '../services/command.ts'
import { ServerProcess } from '../services/server-process.ts'
import { findCoreDns, findEtcd, findKubernetes } from './binaries.ts'
import {
  CONTAINERD_SOCKET,
  containerdConfig,
  corefile,
  kubeconfig,
  kubeletConfig,
  NODE_NAME,
  networkConfig,
  proxyConfig,
  SERVICE_ADDRESSES,
  tokensFile,
  USER_NAMES,
  type User,
} from './configs.ts'
import type { Machine } from './machine.ts'

export type Cluster = {
  /** File by which kubectl and Helm find the cluster, as its administrator. */
  readonly kubeconfig: string
  /** Runs kubectl on this standard input and answers with what it prints; rejects with its complaints. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>
  /** Ends every process of it; pods that are left end with the machine. */
  readonly stop: () => Promise<void>
}

type Programs = { readonly kubernetes: string; readonly etcd: string; readonly coreDns: string }

/** Starts the cluster, with the images of an archive, and resolves once its node takes pods. */
export async function startCluster(machine: Machine): Promise<Cluster> {
  await writeFiles(machine)
  const [kubernetes, etcd, coreDns] = await Promise.all([findKubernetes(), findEtcd(), findCoreDns()])
  const started: ServerProcess[] = []
  const start = async (...parts: readonly ServerProcess[]) => {
    started.push(...parts)
    await Promise.all(parts.map((part) => part.start()))
  }
  const stop = async () => {
    for (const part of started.toReversed()) await part.stop()
  }
  const admin = configOf(machine, 'admin')
  const kubectl: Cluster['kubectl'] = (args, input = '') =>
    runOn(input, join(kubernetes, 'kubectl'), ['--kubeconfig', admin, ...args])
  const parts = partsOf(machine, { kubernetes, etcd, coreDns })
  try {
    await start(parts.containerd, parts.etcd)
    await Promise.all([start(parts.apiServer), importImages(machine)])
    await start(parts.controllers, parts.scheduler, parts.kubelet, parts.proxy, parts.dns)
    await kubectl(['apply', '--filename', '-'], dnsRights)
    await kubectl(['wait', '--for=condition=Ready', `node/${NODE_NAME}`, '--timeout=90s'])
  } catch (error) {
    await stop()
    throw error
  }
  return { kubeconfig: admin, kubectl, stop }
}

const dnsRights = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'coredns' },
      rules: [
        { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'coredns' },
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }],
    },
  ],
})

const configOf = ({ folder }: Machine, user: User): string => join(folder, `${user}.kubeconfig`)

async function writeFiles(machine: Machine): Promise<void> {
  const { folder } = machine
  const at = (name: string) => join(folder, name)
  await mkdir(at('networks'), { recursive: true })
  await mkdir(at('kubelet'))
  await issueCertificates(folder)
  for (const user of USER_NAMES) await writeFile(configOf(machine, user), kubeconfig(user, at('ca.crt')))
  await writeFile(at('tokens.csv'), tokensFile())
  await writeFile(at('containerd.toml'), containerdConfig(machine))
  await writeFile(at('networks/pods.conflist'), networkConfig(machine))
  await writeFile(at('kubelet.yaml'), kubeletConfig(machine))
  await writeFile(at('proxy.yaml'), proxyConfig(configOf(machine, 'proxy')))
  await writeFile(at('Corefile'), corefile(configOf(machine, 'dns')))
}

async function importImages({ folder }: Machine): Promise<void> {
  const args = ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', 'images', 'import', join(folder, 'images.tar')]
  await runCommand('ctr', args, { mend: 'see what it says' })
}

/** Where nothing is said of a part, its arguments are the usual ones of a control plane on one machine. */
function partsOf(machine: Machine, { kubernetes, etcd, coreDns }: Programs) {
  const { folder, address } = machine
  const at = (name: string) => join(folder, name)
  const config = (user: User) => `--kubeconfig=${configOf(machine, user)}`
  const part = (name: string, command: string, { args, isReady }: Start): ServerProcess =>
    new ServerProcess({
      ...{ name, command, args, cwd: folder, logFile: at(`${name}.log`), isReady, mend: `read ${at(`${name}.log`)}` },
    })
  const own = (name: string, start: Start) => part(name, join(kubernetes, name), start)
  const healthy = (url: string) => async () => (await answerOf(url)) === 200
  return {
    containerd: part('containerd', '/usr/bin/containerd', {
      args: ['--config', at('containerd.toml')],
      isReady: (log) => log().includes('containerd successfully booted'),
    }),
    etcd: part('etcd', etcd, {
      args: [`--data-dir=${at('etcd')}`, '--unsafe-no-fsync'],
      isReady: healthy('http://127.0.0.1:2379/health'),
    }),
    apiServer: own('kube-apiserver', {
      args: [
        ...[
          '--etcd-servers=http://127.0.0.1:2379',
          `--advertise-address=${address}`,
          '--kubelet-preferred-address-types=InternalIP',
        ],
        ...[`--tls-cert-file=${at('server.crt')}`, `--tls-private-key-file=${at('server.key')}`],
        ...[`--token-auth-file=${at('tokens.csv')}`, '--authorization-mode=Node,RBAC'],
        ...['--enable-admission-plugins=NodeRestriction', `--service-cluster-ip-range=${SERVICE_ADDRESSES}`],
        ...[
          '--service-account-issuer=https://kubernetes.default.svc',
          `--service-account-key-file=${at('server.crt')}`,
        ],
        `--service-account-signing-key-file=${at('server.key')}`,
      ],
      isReady: async () => (await readyz(join(kubernetes, 'kubectl'), config('admin'))) === 'ok',
    }),
    controllers: own('kube-controller-manager', {
      args: [
        ...[config('controllers'), '--use-service-account-credentials', '--leader-elect=false'],
        ...[`--service-account-private-key-file=${at('server.key')}`, `--root-ca-file=${at('ca.crt')}`],
        ...['--bind-address=127.0.0.1', `--cert-dir=${at('controllers')}`],
      ],
      isReady: (log) => log().includes('Caches are synced'),
    }),
    scheduler: own('kube-scheduler', {
      args: [config('scheduler'), '--leader-elect=false', '--bind-address=127.0.0.1', `--cert-dir=${at('scheduler')}`],
      isReady: (log) => log().includes('Serving securely'),
    }),
    kubelet: own('kubelet', {
      args: [
        ...[config('kubelet'), `--config=${at('kubelet.yaml')}`, `--root-dir=${at('kubelet')}`],
        ...[`--hostname-override=${NODE_NAME}`, `--node-ip=${address}`, `--cert-dir=${at('kubelet/pki')}`],
      ],
      isReady: healthy('http://127.0.0.1:10248/healthz'),
    }),
    proxy: own('kube-proxy', {
      args: [`--config=${at('proxy.yaml')}`],
      isReady: healthy('http://127.0.0.1:10256/livez'),
    }),
    dns: part('coredns', coreDns, { args: ['-conf', at('Corefile')], isReady: (log) => log().includes('CoreDNS-') }),
  }
}

/** The control plane's own check; its addresses ask everybody who he is. */
const readyz = (kubectl: string, config: string): Promise<string> =>
  runOn('', kubectl, [config, 'get', '--raw', '/readyz']).catch(() => 'not yet')

const answerOf = (url: string): Promise<number> =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  )

type Start = {
  readonly args: readonly string[]
  readonly isReady: (log: () => string) => boolean | Promise<boolean>
}
