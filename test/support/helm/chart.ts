/** The chart as Helm renders it. */
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { findHelm, type HelmMajor } from './binaries.ts'
import { runOn } from './run.ts'
import { KUBERNETES } from './schemas.ts'

export const chartFolder = 'deploy/helm/forewarm'
export const examplesFolder = 'deploy/helm/examples'

/** The files of values of the examples. */
export const minimal = [join(examplesFolder, 'minimal.yaml')]
export const strimzi = [join(examplesFolder, 'strimzi-keda.yaml')]
export const mutual = [join(examplesFolder, 'mtls-cluster.yaml')]
export const closed = [join(examplesFolder, 'air-gapped.yaml')]

/** A rendered object. */
export type Manifest = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: unknown
  readonly data?: Readonly<Record<string, string>>
}

/** What lies at a dotted path; undefined where there is nothing. */
export const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null ? new Map(Object.entries(inner)).get(key) : undefined,
      value,
    )

export type Rendering = {
  readonly helm?: HelmMajor
  /** Files of values; the later win. */
  readonly files?: readonly string[]
  /** Values on top, as YAML or JSON. */
  readonly values?: object
}

/** Runs Helm; rejects with what it says. */
export const helm = async (major: HelmMajor, args: readonly string[], input = ''): Promise<string> =>
  runOn(input, await findHelm(major), args)

/** All objects of a release called `forewarm` in the namespace `forewarm`, as text. */
export function renderText({ helm: major = '4', files = [], values = {} }: Rendering): Promise<string> {
  const args = ['template', 'forewarm', chartFolder, '--namespace', 'forewarm', '--kube-version', KUBERNETES]
  const valueFiles = [...files, '-'].flatMap((file) => ['--values', file])
  return helm(major, [...args, ...valueFiles], JSON.stringify(values))
}

const rendered = new Map<string, Promise<readonly Manifest[]>>()

/** The objects of a release; of the same values rendered once, for the chart does not change under a test. */
export function render(rendering: Rendering): Promise<readonly Manifest[]> {
  const key = JSON.stringify(rendering)
  const manifests = rendered.get(key) ?? renderText(rendering).then(manifestsOf)
  rendered.set(key, manifests)
  return manifests
}

function manifestsOf(text: string): readonly Manifest[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true })
  const problems = documents.flatMap((document) => [...document.errors, ...document.warnings])
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return documents.map((document) => document.toJS() as Manifest).filter((manifest) => manifest !== null)
}

/** The objects of a kind, those whose names end so where `end` is given. */
export const ofKind = (manifests: readonly Manifest[], kind: string, end = ''): readonly Manifest[] =>
  manifests.filter((one) => one.kind === kind && one.metadata.name.endsWith(end))

/** The one object of a kind whose name ends so. */
export function oneOf(manifests: readonly Manifest[], kind: string, end = ''): Manifest {
  const found = ofKind(manifests, kind, end)
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} end with ${end}`)
  return found[0] as Manifest
}
