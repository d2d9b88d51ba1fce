// `npm audit` of what is shipped: fails on known faults of high or critical severity; and `npm audit signatures`: fails on
// a package whose signature or attestation is not its registry's. What the registry (or, for signatures, the repository of
// trust that npm asks) does not answer is said to be not run; ends with 69 when nothing was.
import { spawnSync } from 'node:child_process'

const NOT_RUN = 69
/** Not reached at once is not reached: npm would go on asking for minutes. */
const ONCE = ['--json', '--fetch-retries=0']

/** What npm answers, or the reason for which it does not. */
function ask(args) {
  const { stdout, stderr } = spawnSync('npm', [...args, ...ONCE], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  try {
    const answer = JSON.parse(stdout)
    return answer.error === undefined && answer.message === undefined
      ? { answer }
      : { reason: answer.message ?? answer.error.summary ?? answer.error.code }
  } catch {
    return { reason: stderr.trim().split('\n').at(-1) }
  }
}

/** Prints what it found by `findings`; whether it passed, or null where it was not run. */
function check(name, args, findings) {
  const { answer, reason } = ask(args)
  if (answer === undefined) {
    console.log(`${name}: not run, it is not answered here (${reason})`)
    return null
  }
  const bad = findings(answer)
  for (const line of bad) console.log(`${name}: ${line}`)
  return bad.length === 0
}

const known = ({ vulnerabilities }) =>
  Object.entries(vulnerabilities)
    .filter(([, { severity }]) => /^(high|critical)$/.test(severity))
    .map(([one, { severity, range }]) => `${severity}: ${one} ${range}`)
const unsigned = ({ invalid, missing }) =>
  Object.entries({ invalid, missing }).flatMap(([fault, packages]) =>
    packages.map(({ name, version }) => `${fault} signature: ${name}@${version}`),
  )

const results = [
  check('audit', ['audit', '--omit=dev'], known),
  check('signatures', ['audit', 'signatures'], unsigned),
].filter((passed) => passed !== null)
const failed = results.filter((passed) => !passed).length
if (results.length > 0) console.log(`${results.length - failed} passed, ${failed} failed`)
process.exitCode = results.length === 0 ? NOT_RUN : Math.min(failed, 1)
