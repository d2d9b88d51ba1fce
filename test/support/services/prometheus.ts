import { spawnSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { runCommand } from './command.ts'
import { debianPackage } from './debian-package.ts'
import { makeRunFolder } from './locations.ts'
import { freePort } from './ports.ts'
import { ServerProcess } from './server-process.ts'

const mend =
  'install Prometheus (Debian: apt-get install prometheus), or give the folder of its programs as FOREWARM_TEST_PROMETHEUS'

export type PrometheusPrograms = { readonly prometheus: string; readonly promtool: string }

/** FOREWARM_TEST_PROMETHEUS (a folder), else what is on the PATH, else Debian's package unpacked. */
export async function findPrometheus(): Promise<PrometheusPrograms> {
  const named = process.env['FOREWARM_TEST_PROMETHEUS']
  if (named) return programsIn(named)
  const installed = { prometheus: 'prometheus', promtool: 'promtool' }
  if (areUsable(installed)) return installed
  const bin = (folder: string): string => join(folder, 'usr/bin')
  const isUsable = (folder: string): boolean => areUsable(programsIn(bin(folder)))
  // Its needs are scripts of its own pages.
  return programsIn(bin(await debianPackage({ name: 'prometheus', withNeeds: false, isUsable, mend })))
}

const programsIn = (folder: string): PrometheusPrograms => ({
  prometheus: join(folder, 'prometheus'),
  promtool: join(folder, 'promtool'),
})

const areUsable = ({ prometheus, promtool }: PrometheusPrograms): boolean =>
  [prometheus, promtool].every((program) => spawnSync(program, ['--version']).status === 0)

export type PrometheusOptions = {
  /** Jobs to scrape: addresses (`host:port`) by the name of their job. */
  readonly jobs: ReadonlyMap<string, readonly string[]>
  /** Files of rules, with their whole path. */
  readonly rules?: readonly string[]
  /** Samples of an earlier time, as OpenMetrics text with times: what it remembers when it starts. */
  readonly history?: string
  /** Features to switch on, as its option --enable-feature has them. */
  readonly features?: readonly string[]
}

export type Series = {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [timeSeconds: number, value: string]
}

export type Prometheus = {
  readonly url: string
  /** What an expression gives at this moment; rejects with Prometheus' own words where it is no expression. */
  query(expression: string): Promise<readonly Series[]>
  /** Any other address of its API below /api/v1. */
  get(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>
  readonly process: ServerProcess
  stop(): Promise<void>
}

/** Starts a Prometheus of its own that scrapes every second and evaluates its rules as often. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { jobs, rules = [], features = [], history } = options
  const [{ prometheus, promtool }, folder, port] = [
    await findPrometheus(),
    await makeRunFolder('prometheus'),
    await freePort(),
  ]
  const scrapes = [...jobs].map(([name, targets]) => ({ job_name: name, static_configs: [{ targets }] }))
  const settings = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: scrapes,
  }
  await writeFile(join(folder, 'prometheus.yml'), stringify(settings))
  if (history !== undefined) {
    await writeFile(join(folder, 'history.txt'), history)
    const remember = ['tsdb', 'create-blocks-from', 'openmetrics', 'history.txt', 'data']
    await runCommand(promtool, remember, { cwd: folder, mend })
  }
  const url = `http://127.0.0.1:${port}`
  const server = new ServerProcess({
    name: `Prometheus at port ${port}`,
    command: prometheus,
    args: [
      ...['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
      ...features.map((feature) => `--enable-feature=${feature}`),
    ],
    cwd: folder,
    logFile: join(folder, 'server.log'),
    isReady: () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    mend: `read ${join(folder, 'server.log')}`,
  })
  await server.start()
  const get = (path: string, parameters = {}) => ask(`${url}/api/v1/${path}`, parameters)
  return {
    ...{ url, get, process: server },
    query: async (query) => ((await get('query', { query })) as { readonly result: readonly Series[] }).result,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

type Answer = { readonly status: string; readonly data?: unknown; readonly error?: string }

async function ask(address: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(`${address}?${new URLSearchParams(parameters)}`)
  const { status, data, error } = (await response.json()) as Answer
  if (status !== 'success') throw new Error(`${error}: ${JSON.stringify(parameters)}`)
  return data
}
