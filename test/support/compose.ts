/** deploy/compose.yaml as data, and the Compose that is installed. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'

export const composeFile = 'deploy/compose.yaml'

export type ComposeService = {
  readonly image: string
  readonly build?: unknown
  readonly restart: string
  readonly read_only?: boolean
  readonly ports?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly volumes?: readonly string[]
}

/** The services by name, every variable replaced by its default, as when nobody sets any. */
export function composeServices(): ReadonlyMap<string, ComposeService> {
  const text = readFileSync(composeFile, 'utf8').replaceAll(/(?<!\$)\$\{[A-Z0-9_]+:-([^}]*)\}/g, '$1')
  const document = parseDocument(text, { merge: true, strict: true, uniqueKeys: true })
  const problems = [...document.errors, ...document.warnings]
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const { services } = document.toJS() as { services: Record<string, ComposeService> }
  return new Map(Object.entries(services))
}

/** The command of the Compose that is installed, the plug-in of Docker before the old program; null if there is none. */
export function findCompose(): readonly [string, ...string[]] | null {
  const known = [['docker', 'compose'], ['docker-compose']] as const
  return known.find(([command, ...first]) => spawnSync(command, [...first, 'version']).status === 0) ?? null
}
