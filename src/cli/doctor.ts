/** `forewarm doctor`: what is wrong with the engines of a deployment, and how to mend it. */
import { Command, Option } from 'commander'
import { examine } from '../compose/doctor.ts'
import type { Finding, FindingState } from '../flows/doctor/finding.ts'
import { DOCTOR_ROLES, type DoctorRole } from '../flows/doctor/needs.ts'
import { EXIT_CODES } from '../process.ts'
import type { CommandContext } from './context.ts'
import { printable } from './printable.ts'

const PROCESSES: readonly DoctorRole[] = ['ingest', 'predict', 'warm', 'gateway']

const NOTES = `
Everything that a role needs is looked at with the user that the settings name, and nothing is changed. Where each
process has a user of its own, run it in each with its role (docs/operations.md).

Exit codes: 0 nothing is broken (there may be warnings), 1 something is, 2 wrong arguments or settings.`

export function doctorCommand({ settings, write, end }: CommandContext): Command {
  return new Command('doctor')
    .description('look at all that a deployment stands on, as its processes would, and say what to mend')
    .addOption(new Option('-r, --role <role...>', 'look as these only').choices([...DOCTOR_ROLES]).default(PROCESSES))
    .option('--json', 'as one JSON object: {mode, roles, fails, warnings, findings}')
    .addHelpText('after', NOTES)
    .action(async ({ role, json }: { role: readonly DoctorRole[]; json?: true }) => {
      const held = settings()
      const findings = await examine(held, role)
      const report = { mode: held.mode, roles: role, ...countsOf(findings), findings }
      write(json ? `${JSON.stringify(report, null, 2)}\n` : toText(report))
      // What did not answer in time may still be asked.
      end(report.fails > 0 ? EXIT_CODES.failed : EXIT_CODES.done)
    })
}

type Report = {
  readonly mode: string
  readonly roles: readonly string[]
  readonly fails: number
  readonly warnings: number
  readonly findings: readonly Finding[]
}

const countsOf = (findings: readonly Finding[]): Pick<Report, 'fails' | 'warnings'> => ({
  fails: findings.filter(({ state }) => state === 'fail').length,
  warnings: findings.filter(({ state }) => state === 'warn').length,
})

const SIGNS: Readonly<Record<FindingState, string>> = { ok: 'ok  ', skip: '-   ', warn: 'WARN', fail: 'FAIL' }

function toText({ mode, roles, fails, warnings, findings }: Report): string {
  const bySubject = [...Map.groupBy(findings, ({ subject }) => subject)]
  const blocks = bySubject.map(([subject, each]) => [subject, ...each.flatMap(linesOf)].join('\n'))
  const counts = `${fails} to mend, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`
  const verdict = fails + warnings === 0 ? `Nothing is wrong: ${counts}` : counts
  return `${[`${mode}, as ${roles.join(', ')}`, ...blocks, verdict].join('\n\n')}\n`
}

const linesOf = ({ state, what, mend }: Finding): readonly string[] => [
  `  ${SIGNS[state]}  ${printable(what)}`,
  ...(mend === null ? [] : [`        mend: ${printable(mend)}`]),
]
