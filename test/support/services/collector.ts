/**
 * An OpenTelemetry Collector of deploy/compose.yaml's version, built by its own builder from its Go modules: with the
 * parts that deploy/otel-collector.yaml names, since each further one takes its time to compile.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { composeServices } from '../compose.ts'
import { runCommand } from './command.ts'
import { cached } from './download-cache.ts'

export const COLLECTOR_VERSION = composeServices().get('otel-collector')?.image.split(':')[1] ?? ''

const MODULES = 'go.opentelemetry.io/collector'
const PARTS = {
  receivers: ['receiver/otlpreceiver'],
  processors: ['processor/batchprocessor', 'processor/memorylimiterprocessor'],
  exporters: ['exporter/debugexporter'],
}

const env = { CGO_ENABLED: '0', GOFLAGS: '' }
const mend = 'install Go 1.25 or newer'

/** Path of the program. The first build takes about two minutes of a core. */
export async function findCollector(): Promise<string> {
  const name = `otel-collector-v${COLLECTOR_VERSION}-${process.platform}-${process.arch}`
  return join(await cached(name, build), 'otelcol')
}

async function build(folder: string): Promise<void> {
  const version = `v${COLLECTOR_VERSION}`
  const work = join(folder, 'work')
  await mkdir(work)
  await runCommand('go', ['install', `${MODULES}/cmd/builder@${version}`], { mend, env: { ...env, GOBIN: work } })
  const parts = Object.entries(PARTS).map(([kind, modules]) => [
    kind,
    modules.map((module) => ({ gomod: `${MODULES}/${module} ${version}` })),
  ])
  const manifest = { dist: { name: 'otelcol', output_path: join(work, 'sources') }, ...Object.fromEntries(parts) }
  await writeFile(join(work, 'manifest.yaml'), stringify(manifest))
  await runCommand(join(work, 'builder'), ['--config', 'manifest.yaml'], { cwd: work, mend, env })
  await runCommand('mv', [join(work, 'sources', 'otelcol'), folder], { mend })
  await rm(work, { recursive: true })
}
