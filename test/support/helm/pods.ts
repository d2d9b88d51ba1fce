import { at, type Manifest, oneOf } from './chart.ts'

/** What a test looks at of a container. */
export type Container = {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
}

/** The pods that objects make, by the name of the object. */
export const podsOf = (manifests: readonly Manifest[]): ReadonlyMap<string, unknown> =>
  new Map(
    manifests.flatMap((one) => {
      const pod =
        one.kind === 'Pod'
          ? one.spec
          : (at(one, 'spec.template.spec') ?? at(one, 'spec.jobTemplate.spec.template.spec'))
      return pod === undefined ? [] : [[`${one.kind} ${one.metadata.name}`, pod] as const]
    }),
  )

export const containerOf = (pod: unknown): Container => at(pod, 'containers.0') as Container
/** The variables of a Deployment, with what they refer to where they have no value of their own. */
export const environmentOf = (manifest: Manifest): ReadonlyMap<string, unknown> =>
  new Map(
    containerOf(at(manifest, 'spec.template.spec')).env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  )
/** The settings that all processes are given. */
export const settingsFile = (manifests: readonly Manifest[]): unknown =>
  JSON.parse(oneOf(manifests, 'ConfigMap', 'forewarm').data?.['forewarm.yaml'] ?? '')
