import { randomUUID } from 'node:crypto'
import { readFileSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { makeFolder, makeRepository, runGit } from '../support/git-repository.ts'
import { blocksOf, type GuideBlock, runGuide, unkeptPromises } from '../support/guide.ts'
import { findHelm } from '../support/helm/binaries.ts'
import { cleanEnvironment } from '../support/process.ts'
import { repositoryRoot } from '../support/services/locations.ts'
import { freePort } from '../support/services/ports.ts'

const GUIDE_MS_MAX = 450_000

/** The checkout that the guides suppose in ~/shop. */
const shop = new Map([
  ['src/main.js', "import { price } from './price.js'\nconsole.log(price())\n"],
  ['src/price.js', "import { tax } from './tax.js'\nexport const price = () => 10 + tax\n"],
  ['src/tax.js', 'export const tax = 2\n'],
  ['package.json', '{ "type": "module" }\n'],
  ['.gitignore', 'node_modules/\n.forewarm/\n'],
])

/** A home with the clone and the checkout in it. */
function homeOf(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const home = makeFolder('home')
  symlinkSync(repositoryRoot, join(home, 'forewarm'))
  runGit(home, 'clone', '--quiet', makeRepository(shop), 'shop')
  const [name, email] = ['tester', 'tester@example.invalid']
  return {
    ...cleanEnvironment(),
    HOME: home,
    // Downloads of this machine, and how it reaches its registry.
    npm_config_cache: join(homedir(), '.npm'),
    npm_config_userconfig: join(homedir(), '.npmrc'),
    // What was compiled for another guide, or an earlier run: a home of its own would begin anew.
    NODE_COMPILE_CACHE: join(homedir(), '.cache', 'forewarm', 'compiled'),
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
    ...more,
  }
}

const replaced = (blocks: readonly GuideBlock[], words: ReadonlyMap<string, string>): readonly GuideBlock[] =>
  blocks.map(({ kind, body }) => ({
    kind,
    body: [...words].reduce((text, [word, other]) => text.replaceAll(word, other), body),
  }))

// Side by side: they wait more than they work.
describe.concurrent('every command of a guide does what it says', { timeout: GUIDE_MS_MAX }, () => {
  it('for analyzer authors', async () => {
    const port = String(await freePort())
    const words = new Map([
      ['8787', port],
      // A reader waits for a moment, a busy machine for as long as it takes.
      ['sleep 2', "until forewarm patterns --workspace acme/shop | grep -q '2 sessions ended'; do sleep 1; done"],
    ])
    const blocks = replaced(blocksOf('docs/guide-analyzer-author.md'), words)
    const run = await runGuide(blocks, homeOf({ FOREWARM_GATEWAY__PORT: port }))
    expect(unkeptPromises(blocks, run), run.output).toEqual([])
    expect(run.code, run.output).toBe(0)
  })

  it('for platform teams', async () => {
    const services = inject('services')
    const prefix = `guide-${randomUUID().slice(0, 8)}.`
    const port = String(await freePort())
    const metricsPort = String(await freePort())
    const words = new Map([
      ['kafka.example:9092', services.kafka.join(', ')],
      ['http://registry.example:8081', services.registryUrl],
      ['redis://models.example:6379', services.modelRedisUrl],
      ['redis://cache.example:6379', services.cacheRedisUrl],
      ['topicPrefix: forewarm.', `topicPrefix: ${prefix}`],
      ['groupPrefix: forewarm.', `groupPrefix: ${prefix}`],
      ['8787', port],
      ['9464', metricsPort],
    ])
    const environment = homeOf({
      FOREWARM_GATEWAY__PORT: port,
      FOREWARM_TELEMETRY__PROMETHEUS__PORT: metricsPort,
      FOREWARM_MODEL__REDIS__KEY_PREFIX: prefix,
      FOREWARM_CACHE__REDIS__KEY_PREFIX: prefix,
      // One broker is all there is.
      FOREWARM_KAFKA__REPLICATION_FACTOR: '1',
      FOREWARM_KAFKA__MIN_INSYNC_REPLICAS: '1',
      PATH: [dirname(await findHelm('4')), process.env['PATH']].join(delimiter),
    })
    const blocks = replaced(blocksOf('docs/guide-platform-team.md'), words)
    const run = await runGuide(blocks, environment)
    expect(unkeptPromises(blocks, run), run.output).toEqual([])
    expect(run.code, run.output).toBe(0)
  })

  it('for contributors', async () => {
    const blocks = blocksOf('docs/guide-contributor.md')
    const ci = readFileSync(join(repositoryRoot, '.ci/run'), 'utf8').replaceAll(' --silent', '')
    const byCi = blocks.filter(({ kind }) => kind === 'console').flatMap(({ body }) => body.trim().split('\n'))
    expect(byCi.filter((command) => !ci.includes(command))).toEqual([])
    const run = await runGuide(blocks, homeOf())
    expect(unkeptPromises(blocks, run), run.output).toEqual([])
    expect(run.code, run.output).toBe(0)
  })
})
