import { resolve } from 'node:path'
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

const root = resolve(import.meta.dirname, '..')

/** Test folders that need servers; everything else under test/ is a unit test. */
const serverFolders = ['contract', 'integrity', 'e2e']
const serverTestMsMax = 120_000
const containerTestMsMax = 300_000

function serverProject(name: string, groupOrder: number): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      root,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: ['test/support/global-setup.ts'],
      setupFiles: ['test/support/leak-check.ts'],
      testTimeout: serverTestMsMax,
      hookTimeout: serverTestMsMax,
      // Servers and two cores are shared: side by side, files would only measure each other's load.
      fileParallelism: false,
      sequence: { groupOrder },
    },
  }
}

/** Needs a Docker engine, and starts its own servers: `npm run test:containers` sets one up and asks for it by name. */
const containers: TestProjectInlineConfiguration = {
  test: {
    name: 'containers',
    root,
    include: ['test/containers/**/*.test.ts'],
    testTimeout: containerTestMsMax,
    hookTimeout: containerTestMsMax,
    fileParallelism: false,
    sequence: { groupOrder: serverFolders.length + 3 },
  },
}

/** Needs Chromium and the built page: `npm run test:page` builds it and asks for this by name. */
const page: TestProjectInlineConfiguration = {
  test: {
    name: 'page',
    root,
    include: ['test/page/**/*.test.ts'],
    testTimeout: serverTestMsMax,
    hookTimeout: serverTestMsMax,
    sequence: { groupOrder: serverFolders.length + 4 },
  },
}

/** Needs no servers, but tools that are fetched or built once: Helm, kubeconform, schemas. */
const chart: TestProjectInlineConfiguration = {
  test: {
    name: 'chart',
    root,
    include: ['test/chart/**/*.test.ts'],
    testTimeout: serverTestMsMax,
    hookTimeout: containerTestMsMax,
    maxWorkers: 2,
    sequence: { groupOrder: serverFolders.length + 2 },
  },
}

export default defineConfig({
  test: {
    root,
    // Stopping Kafka in order takes some seconds.
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: ['test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            ...[...serverFolders, 'chart', 'containers', 'page'].map((folder) => `test/${folder}/**`),
          ],
          testTimeout: 30_000,
          // Two cores: vitest would leave one of them to itself.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      ...serverFolders.map((name, index) => serverProject(name, index + 2)),
      chart,
      ...(process.env['FOREWARM_TEST_CONTAINERS'] ? [containers] : []),
      ...(process.env['FOREWARM_TEST_PAGE'] ? [page] : []),
    ],
  },
})
