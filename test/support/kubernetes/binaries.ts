/**
 * The programs of a Kubernetes node, built by Go from the modules of their projects and kept outside the clone: no
 * registry of packages has them. The first build takes a quarter of an hour of two cores.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goModuleFolder } from '../repositories/go-proxy.ts'
import { runCommand } from '../services/command.ts'
import { cached } from '../services/download-cache.ts'

export const KUBERNETES_VERSION = 'v1.34.4'

const KUBERNETES = {
  path: 'k8s.io/kubernetes',
  version: KUBERNETES_VERSION,
  sum: 'h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk=',
}
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl']

type GoProgram = {
  readonly name: string
  readonly version: string
  /** Module that it comes from; Go's own library alone where there is none. */
  readonly module?: string
  /** Source of its main package; the module's own where there is none. */
  readonly main?: string
}

const ETCD: GoProgram = { name: 'etcd', module: 'go.etcd.io/etcd/server/v3', version: 'v3.6.5' }

/** With what names in a cluster need: each further plugin takes its time to compile. */
const COREDNS: GoProgram = {
  ...{ name: 'coredns', module: 'github.com/coredns/coredns', version: 'v1.13.1' },
  main: `package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

func main() { coremain.Run() }
`,
}

/** Keeps a pod's namespaces open until it is told to end. */
const PAUSE: GoProgram = {
  ...{ name: 'pause', version: '1' },
  main: `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
}
`,
}

const mend = 'install Go 1.24 or newer, and let it reach a module proxy (GOPROXY)'
const env = { CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off' }
const platform = `${process.platform}-${process.arch}`

/** Folder with kube-apiserver, kube-controller-manager, kube-scheduler, kube-proxy, kubelet and kubectl. */
export function findKubernetes(): Promise<string> {
  return cached(`kubernetes-${KUBERNETES_VERSION}-${platform}`, async (folder) => {
    const cwd = await workFolder(folder)
    const source = await goModuleFolder(KUBERNETES, folder)
    await writeFile(join(cwd, 'go.mod'), await moduleFile(source))
    await copyFile(join(source, 'go.sum'), join(cwd, 'go.sum'))
    const [major, minor] = KUBERNETES_VERSION.slice(1).split('.')
    const said = Object.entries({ gitVersion: KUBERNETES_VERSION, gitMajor: major, gitMinor: minor })
    const stamps = said.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    // One after another: linking one takes gigabytes.
    for (const program of PROGRAMS) await build(folder, `${KUBERNETES.path}/cmd/${program}`, { program, stamps })
    await rm(cwd, { recursive: true })
  })
}

/** Kubernetes' own go.mod for a module that is not it: what lies beside it there is published with its minor and patch. */
async function moduleFile(source: string): Promise<string> {
  const text = await readFile(join(source, 'go.mod'), 'utf8')
  const published = KUBERNETES_VERSION.replace('v1.', 'v0.')
  const own = text
    .replace(/^module .*$/m, 'module forewarm.test/kubernetes')
    .replaceAll(/=> \.\/staging\/src\/(\S+)/g, `=> $1 ${published}`)
  return `${own}\nrequire ${KUBERNETES.path} ${KUBERNETES.version}\n`
}

/** Path of etcd. */
export const findEtcd = (): Promise<string> => findProgram(ETCD)

/** Path of CoreDNS with the plugins `errors` and `kubernetes`. */
export const findCoreDns = (): Promise<string> => findProgram(COREDNS)

/** Path of the program that holds a pod's namespaces. */
export const findPause = (): Promise<string> => findProgram(PAUSE)

async function findProgram({ name, module, version, main }: GoProgram): Promise<string> {
  const folder = await cached(`${name}-${version}-${platform}`, async (unfinished) => {
    const cwd = await workFolder(unfinished)
    await writeFile(join(cwd, 'go.mod'), `module forewarm.test/${name}\n\ngo 1.24\n`)
    if (module !== undefined) await runCommand('go', ['get', `${module}@${version}`], { cwd, env, mend })
    if (main !== undefined) await writeFile(join(cwd, 'main.go'), main)
    await build(unfinished, main === undefined ? `${module}` : '.', { program: name, stamps: [] })
    await rm(cwd, { recursive: true })
  })
  return join(folder, name)
}

async function workFolder(folder: string): Promise<string> {
  const work = join(folder, 'work')
  await mkdir(work)
  return work
}

type Build = { readonly program: string; readonly stamps: readonly string[] }

async function build(folder: string, source: string, { program, stamps }: Build): Promise<void> {
  const flags = ['-trimpath', '-ldflags', ['-s', '-w', ...stamps].join(' ')]
  const args = ['build', ...flags, '-o', join(folder, program), source]
  await runCommand('go', args, { cwd: join(folder, 'work'), env, mend })
}
