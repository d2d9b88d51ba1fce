import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { buildPage, launch, openPage, screenshot } from '../support/page.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { findChromium } from '../support/services/chromium.ts'
import { files, get, lookup, makeSite, publish } from '../support/site.ts'

const services = inject('services')

/** A deployment of its own on the shared servers: models on the cluster, the cache on one Redis. */
function deployment() {
  const prefix = `e2e-${randomUUID().slice(0, 8)}.`
  const redis = (urls: readonly string[], cluster: boolean) => ({ urls, cluster, keyPrefix: prefix })
  return makeSite({
    mode: 'distributed',
    kafka: {
      brokers: services.kafka,
      topicPrefix: prefix,
      groupPrefix: prefix,
      partitions: 4,
      commandPartitions: 4,
      requestPartitions: 1,
      replicationFactor: 1,
      minInsyncReplicas: 1,
    },
    registry: { url: services.registryUrl },
    model: {
      redis: redis(
        services.redisCluster.map(({ host, port }) => `redis://${host}:${port}`),
        true,
      ),
    },
    cache: { redis: redis([services.cacheRedisUrl], false) },
  })
}

/** What four processes did is on the live page of the last of them, where a Chromium can be had. */
async function showsOnPage(url: string): Promise<void> {
  const chromium = await findChromium()
  if ('notRun' in chromium) return console.warn(`the live page: ${chromium.notRun}`)
  const browser = await launch(chromium)
  try {
    const page = await openPage(browser, url, {}, [])
    await page.getByText(`accesses of ${files.length} files`).waitFor()
    expect(await page.getByRole('combobox', { name: 'Session' }).inputValue()).toBe('now')
    // Beside the pressure stands the worker, which has told its governor's level by way of Kafka: on a busy machine not 100 %.
    const governor = page.getByRole('region', { name: 'Cache and governor' })
    await governor.getByRole('meter').nth(1).waitFor()
    expect(await governor.getByRole('meter').count()).toBe(2)
    await screenshot(page, 'distributed')
  } finally {
    await browser.close()
  }
}

const names = ['ingest', 'predict', 'warm', 'gateway'] as const

test('the four processes on Kafka, Redis Cluster and a registry learn, warm what comes next, and stop in order', async () => {
  // A gateway looks for the page when it starts.
  await buildPage()
  const folder = deployment()
  const run = (...args: string[]) => spawnForewarm(['--config', 'settings.yaml', ...args], { cwd: folder })
  expect((await run('topics', 'plan').exit()).code).toBe(0)
  const applied = run('topics', 'apply', '--json')
  expect(await applied.exit(), applied.stderr()).toEqual({ code: 0, signal: null })

  const running = new Map<string, ForewarmProcess>(names.map((name) => [name, run(name === 'warm' ? 'worker' : name)]))
  const addressOf = async (name: string): Promise<string> => {
    // A gateway has a health server too.
    const said = name === 'gateway' ? /the gateway listens"/ : /listens"/
    const line = JSON.parse((await running.get(name)?.line(said)) ?? '{}')
    return line.url ?? `http://${line.host}:${line.port}`
  }
  const addresses = await Promise.all(names.map(addressOf))
  for (const address of addresses) {
    const ready = async () => (await fetch(`${address}/readyz`)).json()
    await eventually(ready, (state) => (state as { ready: boolean }).ready, { what: 'readiness', withinMs: 60_000 })
    expect((await fetch(`${address}/livez`)).status).toBe(200)
  }

  const url = addresses.at(-1) ?? ''
  for (const hours of [6, 5, 4, 3, 2, 1]) await publish(url, `before-${hours}`, files, hours * 3_600_000)
  const learned = () => get(url, '/model/files?path=main.ts')
  await eventually(learned, ({ frequency }) => frequency === 6, { what: 'six sessions in the model' })
  await publish(url, 'now', ['main.ts', 'parse.ts'], 0)
  const commanded = () => get(url, '/predictions?session=now')
  const { commands } = await eventually(commanded, (seen) => seen.commands.length > 0, { what: 'a warm command' })
  const [next = ''] = commands.flatMap((command) => command.files.map(({ path }) => path))
  const found = await eventually(
    () => lookup(url, next, folder),
    ({ outcome }) => outcome === 'warmHit',
    {
      what: 'a warm hit',
    },
  )
  expect(found.text).toBe(`export const name = '${next}'\n`)

  await showsOnPage(url)

  const dump = run('model', 'dump', '--workspace', 'web', '--json')
  expect((await dump.exit()).code).toBe(0)
  expect(dump.stdout().trim().split('\n')).toHaveLength(files.length)

  for (const [name, child] of running) {
    expect([name, await child.kill('SIGTERM')]).toEqual([name, { code: 0, signal: null }])
  }
})
