/** `forewarm topics`: the topics and schema subjects of a deployment, compared with those that are there, and made. */
import { Command } from 'commander'
import { applyTopics, assertNoneRefused, planTopics, type TopicPlan } from '../flows/topics.ts'
import type { DesiredTopic, TopicAdmin } from '../ports/topic-admin.ts'
import { counted } from './runs/figures.ts'

/** What differs at a schema subject. */
export type SubjectPlan = {
  readonly subject: string
  readonly differences: readonly string[]
  readonly refusal: string | null
}

export type TopicsParts = {
  readonly admin: TopicAdmin
  readonly desired: readonly DesiredTopic[]
  /** The subjects in the schema registry. `apply` changes nothing at all if one is refused. */
  readonly subjects: {
    plan(): Promise<readonly SubjectPlan[]>
    apply(): Promise<readonly SubjectPlan[]>
  }
}

export type TopicsDeps = {
  /** Made from the settings when a command runs. */
  readonly open: () => TopicsParts
  readonly write: (text: string) => void
  /** Sets the exit code of a command that ends in order but has something to tell by it. */
  readonly exit: (code: number) => void
}

type Plans = { readonly topics: readonly TopicPlan[]; readonly subjects: readonly SubjectPlan[] }

const REFUSED_EXIT = 1

export function topicsCommand(deps: TopicsDeps): Command {
  const command = new Command('topics').description('the topics and schema subjects that a deployment needs')
  command
    .command('plan')
    .description('what differs from what is there; changes nothing, exits with 1 if apply would refuse')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) =>
      withParts(deps, async (parts) => {
        const plans = await planAll(parts)
        deps.write(json ? toJson(plans) : toTable(plans, 'to make: `forewarm topics apply` makes them'))
        if ([...plans.topics, ...plans.subjects].some(({ refusal }) => refusal !== null)) deps.exit(REFUSED_EXIT)
      }),
    )
  command
    .command('apply')
    .description('makes what is missing and changes what differs; never partition counts, never a shorter retention')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) =>
      withParts(deps, async (parts) => {
        assertNoneRefused(await planTopics(parts.admin, parts.desired))
        const subjects = await parts.subjects.apply()
        const plans = { topics: await applyTopics(parts.admin, parts.desired), subjects }
        deps.write(json ? toJson(plans) : toTable(plans, 'made'))
      }),
    )
  return command
}

async function withParts(deps: TopicsDeps, work: (parts: TopicsParts) => Promise<void>): Promise<void> {
  const parts = deps.open()
  try {
    await work(parts)
  } finally {
    await parts.admin.close()
  }
}

const planAll = async ({ admin, desired, subjects }: TopicsParts): Promise<Plans> => {
  const [topics, subjectPlans] = await Promise.all([planTopics(admin, desired), subjects.plan()])
  return { topics, subjects: subjectPlans }
}

const toJson = (plans: Plans): string => `${JSON.stringify(plans, null, 2)}\n`

type Row = readonly [name: string, action: string, what: string, present: string, desired: string]

const HEAD: Row = ['NAME', 'ACTION', 'WHAT', 'PRESENT', 'DESIRED']

/** One line for each difference, one for each topic or subject that has none, and at the end what `became` of them. */
function toTable({ topics, subjects }: Plans, became: string): string {
  const found = [...topics.flatMap(topicRows), ...subjects.flatMap(subjectRows)]
  const rows = [HEAD, ...found]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const refusals = [
    ...topics.map(({ name, refusal }) => [name, refusal]),
    ...subjects.map(({ subject, refusal }) => [subject, refusal]),
  ]
    .filter(([, refusal]) => refusal !== null)
    .map(([name, refusal]) => `refused: ${name}: ${refusal}`)
  const changes = found.filter(([, action]) => action === 'create' || action === 'change').length
  const end = changes === 0 ? 'nothing to change' : `${counted(changes, 'change')} ${became}`
  return `${[...lines, ...(refusals.length > 0 ? refusals : ['', end])].join('\n')}\n`
}

function topicRows({ name, action, differences }: TopicPlan): readonly Row[] {
  if (differences.length === 0) return [[name, action, '', '', '']]
  return differences.map(({ what, present, desired, applied }) => {
    const done = action === 'refuse' ? 'refuse' : applied ? 'change' : 'keep'
    return [name, done, what, present, desired]
  })
}

function subjectRows({ subject, differences, refusal }: SubjectPlan): readonly Row[] {
  if (differences.length === 0) return [[subject, refusal === null ? 'keep' : 'refuse', '', '', '']]
  return differences.map((what) => [subject, refusal === null ? 'change' : 'refuse', what, '', ''])
}
