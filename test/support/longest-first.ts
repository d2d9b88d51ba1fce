import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, whatever their size, which is what vitest goes by on a machine that has not run them yet. */
const LONGEST = [
  'test/e2e/npm-start.test.ts',
  'test/integrity/hot-cache.test.ts',
  'test/integrity/kafka-broker-lost.test.ts',
  'test/replay/replay.test.ts',
  'test/cli/warm.test.ts',
]

/** Where files run side by side, those that take longest begin: whichever began last would be waited for alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => groupOf(one) - groupOf(other) || rankOf(one) - rankOf(other))
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.findIndex((file) => moduleId.endsWith(file))
  return rank === -1 ? LONGEST.length : rank
}
