/** JSON Schemas of Kubernetes and of the operators' kinds for kubeconform, made of what their Go modules carry. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { goModuleFolder } from '../repositories/go-proxy.ts'
import { cached } from '../services/download-cache.ts'

/** Also what charts are rendered for. */
export const KUBERNETES = 'v1.33.1'

const MODULES = {
  kubernetes: {
    path: 'k8s.io/kubernetes',
    version: KUBERNETES,
    sum: 'h1:86+VVY/f11taZdpEZrNciLw1MIQhu6BFXf/OMFn5EUg=',
  },
  keda: {
    path: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
  },
  prometheus: {
    path: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
  },
} as const

const CRDS: readonly (readonly [module: keyof typeof MODULES, file: string])[] = [
  ['keda', 'config/crd/bases/keda.sh_scaledobjects.yaml'],
  ['keda', 'config/crd/bases/keda.sh_triggerauthentications.yaml'],
  ['prometheus', 'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml'],
  ['prometheus', 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'],
  ['prometheus', 'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml'],
]

type Schema = { readonly [key: string]: unknown }

/** What kubeconform is told to look in; a schema takes no field that it does not know. */
export async function schemaLocation(): Promise<string> {
  const versions = Object.values(MODULES).map(({ version }) => version)
  const folder = await cached(`kubernetes-schemas-${versions.join('-')}`, async (unfinished) => {
    await writeKubernetes(unfinished)
    for (const [module, file] of CRDS)
      await writeCrd(await readFile(join(await folderOf(module, unfinished), file), 'utf8'), unfinished)
  })
  return join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json')
}

const folderOf = (module: keyof typeof MODULES, cwd: string): Promise<string> => goModuleFolder(MODULES[module], cwd)

/** As kubeconform asks for it: of a group the first part alone. */
const fileName = (group: string, version: string, kind: string): string =>
  `${[kind.toLowerCase(), ...group.split('.').slice(0, 1).filter(Boolean), version].join('-')}.json`

/** A file for each kind, with the definitions that it needs. */
async function writeKubernetes(folder: string): Promise<void> {
  const source = join(await folderOf('kubernetes', folder), 'api', 'openapi-spec', 'swagger.json')
  const { definitions } = JSON.parse(await readFile(source, 'utf8')) as { definitions: Record<string, Schema> }
  const strict = new Map(
    Object.entries(definitions).map(([name, schema]) => [name, strictSchema(schema, name) as Schema]),
  )
  await mkdir(folder, { recursive: true })
  for (const [name, schema] of strict) {
    const kinds = (definitions[name]?.['x-kubernetes-group-version-kind'] ?? []) as readonly Record<string, string>[]
    for (const { group = '', version = '', kind = '' } of kinds) {
      const needed = Object.fromEntries([...reached(schema, strict)].map((each) => [each, strict.get(each)]))
      await writeFile(join(folder, fileName(group, version, kind)), JSON.stringify({ ...schema, definitions: needed }))
    }
  }
}

/** Names of all definitions that a schema leads to. */
function reached(schema: Schema, all: ReadonlyMap<string, Schema>, seen = new Set<string>()): ReadonlySet<string> {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) {
    const next = all.get(name)
    if (seen.has(name) || next === undefined) continue
    seen.add(name)
    reached(next, all, seen)
  }
  return seen
}

type Crd = {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

async function writeCrd(text: string, folder: string): Promise<void> {
  const { group, names, versions } = (parse(text) as Crd).spec
  for (const { name, schema } of versions) {
    // Object metadata is the server's own, and says nothing here.
    const { metadata: _, ...properties } = schema.openAPIV3Schema['properties'] as Schema
    const strict = strictSchema({ ...schema.openAPIV3Schema, properties }) as Schema
    const open = { ...strict, properties: { ...(strict['properties'] as Schema), metadata: { type: 'object' } } }
    await writeFile(join(folder, fileName(group, name, names.kind)), JSON.stringify(open))
  }
}

const NUMBERS_TOO = /\.(IntOrString|Quantity)$/

const INNER = new Set(['items', 'additionalProperties', 'anyOf', 'allOf', 'oneOf', 'not'])

/** The same schema for JSON Schema's validators: unknown fields are refused, and what may be a number or a text is both. */
function strictSchema(node: unknown, name = ''): unknown {
  if (Array.isArray(node)) return node.map((item) => strictSchema(item))
  if (typeof node !== 'object' || node === null) return node
  const { format: _, ...schema } = node as Schema
  if (NUMBERS_TOO.test(name) || schema['x-kubernetes-int-or-string'] === true) {
    return { anyOf: [{ type: 'string' }, { type: 'number' }] }
  }
  const members = Object.entries(schema).map(([key, value]) => [key, INNER.has(key) ? strictSchema(value) : value])
  const { properties } = schema
  if (typeof properties !== 'object' || properties === null) return Object.fromEntries(members)
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in schema
  return {
    ...Object.fromEntries(members),
    properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, strictSchema(value)])),
    ...(isOpen ? {} : { additionalProperties: false }),
  }
}
