import { resolve } from 'node:path'
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { LongestFirst } from './support/longest-first.ts'

const root = resolve(import.meta.dirname, '..')

/** What Node has compiled, kept for the processes that tests start: three quarters of the time that one takes to start. */
process.env['NODE_COMPILE_CACHE'] ??= resolve(root, 'node_modules/.cache/compiled')

/** Test folders that need servers; everything else under test/ is a unit test. */
const serverFolders = ['contract', 'integrity', 'e2e']
/** Also where no servers are needed: some start processes, and on a busy machine that takes ten times as long. */
const testMsMax = 300_000

/** Files that are to be alone: they measure time, parse under a watchdog, or fill or build what is shared (dist/). */
const alone = [
  'test/contract/bench.test.ts',
  'test/contract/governor.test.ts',
  'test/contract/languages/go-oracle.test.ts',
  'test/contract/languages/python-oracle.test.ts',
  'test/contract/languages/typescript-oracle.test.ts',
  'test/e2e/distributed.test.ts',
  'test/e2e/prediction.test.ts',
  'test/e2e/processes.test.ts',
  'test/e2e/warm-ci.test.ts',
  'test/e2e/warm-repository.test.ts',
  'test/integrity/kafka-idle.test.ts',
  'test/integrity/kill-switch.test.ts',
  'test/integrity/limits-over-workers.test.ts',
]

/** Groups run one after another, the files of one group side by side. */
const groups = { unit: 1, servers: 2, serversAlone: 3, chart: 4, containers: 5, page: 6, cluster: 7 }

/** A folder's files, which wait more than they work, two at a time; and in a project of their own those to be alone. */
function serverProjects(folder: string): TestProjectInlineConfiguration[] {
  const shared = {
    root,
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/leak-check.ts'],
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
  }
  const besides = {
    name: folder,
    include: [`test/${folder}/**/*.test.ts`],
    exclude: [...configDefaults.exclude, ...alone],
    maxWorkers: 2,
    sequence: { groupOrder: groups.servers },
  }
  const byItself = {
    name: `${folder}-alone`,
    include: alone.filter((file) => file.startsWith(`test/${folder}/`)),
    fileParallelism: false,
    sequence: { groupOrder: groups.serversAlone },
  }
  return [{ test: { ...shared, ...besides } }, { test: { ...shared, ...byItself } }]
}

/** Needs a Docker engine, and starts its own servers: `npm run test:containers` sets one up and asks for it by name. */
const containers: TestProjectInlineConfiguration = {
  test: {
    name: 'containers',
    root,
    include: ['test/containers/**/*.test.ts'],
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    fileParallelism: false,
    sequence: { groupOrder: groups.containers },
  },
}

/** Needs a machine of its own with a Kubernetes node's programs: `npm run test:cluster` makes one and asks for it by name. */
const cluster: TestProjectInlineConfiguration = {
  test: {
    name: 'cluster',
    root,
    include: ['test/cluster/**/*.test.ts'],
    setupFiles: ['test/support/leak-check.ts'],
    // Pods take minutes on a busy machine.
    testTimeout: 4 * testMsMax,
    hookTimeout: 2 * testMsMax,
    fileParallelism: false,
    sequence: { groupOrder: groups.cluster },
  },
}

/** Needs Chromium, which is brought once; where none can be had its tests say that they are not run. */
const page: TestProjectInlineConfiguration = {
  test: {
    name: 'page',
    root,
    include: ['test/page/**/*.test.ts'],
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    fileParallelism: false,
    sequence: { groupOrder: groups.page },
  },
}

/** Needs no servers, but tools that are fetched or built once: Helm, kubeconform, schemas. */
const chart: TestProjectInlineConfiguration = {
  test: {
    name: 'chart',
    root,
    include: ['test/chart/**/*.test.ts'],
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    maxWorkers: 2,
    sequence: { groupOrder: groups.chart },
  },
}

export default defineConfig({
  test: {
    root,
    // Stopping Kafka in order takes some seconds.
    teardownTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: ['test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            ...[...serverFolders, 'chart', 'cluster', 'containers', 'page'].map((folder) => `test/${folder}/**`),
          ],
          testTimeout: testMsMax,
          hookTimeout: testMsMax,
          // More than the two cores of CI: some wait for processes that they start.
          maxWorkers: 3,
          sequence: { groupOrder: groups.unit },
        },
      },
      ...serverFolders.flatMap(serverProjects),
      chart,
      page,
      ...(process.env['FOREWARM_TEST_CONTAINERS'] ? [containers] : []),
      ...(process.env['FOREWARM_TEST_NODE_FOLDER'] ? [cluster] : []),
    ],
  },
})
