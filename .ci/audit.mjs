// `npm audit` of what is shipped: fails on known faults of high or critical severity. Where the registry answers no
// audits it says so and ends with 69: not run.
import { spawnSync } from 'node:child_process'

const NOT_RUN = 69
const asked = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', maxBuffer: 2 ** 26 })
let report = null
try {
  report = JSON.parse(asked.stdout)
} catch {
  // No answer that could be read: as none at all.
}
const counts = report?.metadata?.vulnerabilities
if (counts === undefined) {
  console.log(
    `audit: not run, the registry does not answer it (${report?.message ?? asked.stderr.trim().split('\n').at(-1)})`,
  )
  process.exitCode = NOT_RUN
} else {
  const bad = Object.entries(report.vulnerabilities).filter(([, { severity }]) => /^(high|critical)$/.test(severity))
  for (const [name, { severity, range }] of bad) console.log(`${severity}: ${name} ${range}`)
  console.log(`${bad.length === 0 ? 1 : 0} passed, ${bad.length} failed`)
  process.exitCode = bad.length === 0 ? 0 : 1
}
