// Writes the bill of materials (CycloneDX) of what `npm ci --omit=dev` installs, from package-lock.json alone.
// `npm sbom --omit=dev` would leave out every package that a development dependency needs too, avsc and yaml among them;
// so this asks for all of them, and takes out those that npm marks as needed for development alone.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const BYTES_MAX = 2 ** 28
const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx']
const asked = spawnSync('npm', args, { encoding: 'utf8', maxBuffer: BYTES_MAX })
if (asked.status !== 0) throw new Error(`npm sbom failed: ${asked.stderr}`)
const bill = JSON.parse(asked.stdout)

const isForDevelopment = ({ properties = [] }) => properties.some(({ name }) => name === 'cdx:npm:package:development')
const left = new Set(bill.components.filter(isForDevelopment).map((one) => one['bom-ref']))

// npm names it after the folder that it runs in.
bill.metadata.component.name = JSON.parse(readFileSync('package.json', 'utf8')).name
bill.components = bill.components.filter((one) => !left.has(one['bom-ref']))
bill.dependencies = bill.dependencies
  .filter(({ ref }) => !left.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => !left.has(one)) }))
console.log(JSON.stringify(bill, null, 2))
