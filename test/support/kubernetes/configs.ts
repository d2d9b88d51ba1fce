/** What the parts of a node are told in their files. */
import { stringify } from 'yaml'
import type { Machine } from './machine.ts'

export const NODE_NAME = 'node'
export const PAUSE_IMAGE = 'forewarm-test/pause:1'
/** Ranges of addresses; nothing else is in the machine's network. */
export const POD_ADDRESSES = '10.88.0.0/24'
export const SERVICE_ADDRESSES = '10.89.0.0/24'
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock'

const clusterDomain = 'cluster.local'
const networkPlugins = '/usr/lib/cni'

/** As whom each part comes to the API server: the users and groups to which its own roles are bound. */
const USERS = {
  admin: ['admin', 'system:masters'],
  controllers: ['system:kube-controller-manager', ''],
  scheduler: ['system:kube-scheduler', ''],
  kubelet: [`system:node:${NODE_NAME}`, 'system:nodes'],
  proxy: ['system:kube-proxy', ''],
  dns: ['system:serviceaccount:kube-system:coredns', 'system:serviceaccounts'],
} as const

export type User = keyof typeof USERS
export const USER_NAMES = Object.keys(USERS) as readonly User[]

/** The token of each is its name: only the machine itself reaches the API server. */
export const tokensFile = (): string =>
  Object.entries(USERS)
    .map(([token, [user, group]]) => `${token},${user},${user},"${group}"\n`)
    .join('')

export const kubeconfig = (user: User, authority: string): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority': authority } }],
    users: [{ name: user, user: { token: user } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  })

export const containerdConfig = ({ folder }: Machine): string => `version = 2
root = "${folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "docker.io/${PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${networkPlugins}"
    conf_dir = "${folder}/networks"
`

/** A routed link to each pod: on a bridge, answers between pods would pass by the translation of Services' addresses. */
export const networkConfig = ({ folder }: Machine): string =>
  JSON.stringify({
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'ptp',
        ipam: {
          type: 'host-local',
          dataDir: `${folder}/addresses`,
          ranges: [[{ subnet: POD_ADDRESSES }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  })

export const kubeletConfig = ({ address, group }: Machine): string =>
  stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${group}`,
    clusterDNS: [address],
    clusterDomain,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // How full the disk of this machine is says nothing on the cluster.
    evictionHard: { 'memory.available': '1Mi', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    failCgroupV1: false,
    failSwapOn: false,
    resolvConf: '',
  })

export const proxyConfig = (file: string): string =>
  stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: file },
    hostnameOverride: NODE_NAME,
    clusterCIDR: POD_ADDRESSES,
    // Those are settings of the whole kernel, not of a network.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  })

export const corefile = (file: string): string => `.:53 {
  errors
  kubernetes ${clusterDomain} {
    kubeconfig ${file} test
  }
}
`
