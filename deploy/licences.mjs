// Holds the licence of every package of package-lock.json against a list of those that go with Apache-2.0. Prints the
// number of packages by licence; ends with 1 and names the packages whose licence is not on the list, or not known.
import { readFileSync } from 'node:fs'

/** Permissive ones, and MPL-2.0, which asks for nothing of the code beside its own files. */
const ALLOWED = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0', 'MPL-2.0'],
  ...['Unlicense', 'Python-2.0', 'Zlib'],
])

/** Read in the LICENSE file of packages whose package.json says nothing that npm understands. */
const READ = new Map([
  ['node_modules/@kafkajs/confluent-schema-registry@4.1.0', 'MIT'],
  ['node_modules/buildcheck@0.0.7', 'MIT'],
  ['node_modules/cpu-features@0.0.10', 'MIT'],
  ['node_modules/ssh2@1.17.0', 'MIT'],
])

/** An expression in SPDX's form without brackets: one of `A OR B`, all of `A AND B`. */
const isAllowed = (licence) =>
  licence.split(' OR ').some((choice) => choice.split(' AND ').every((one) => ALLOWED.has(one.trim())))

const file = process.argv[2] ?? 'package-lock.json'
const { packages } = JSON.parse(readFileSync(file, 'utf8'))
const found = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true)
const counts = new Map()
const refused = []
for (const [path, { license, version }] of found) {
  const said = typeof license === 'string' ? license : READ.get(`${path}@${version}`)
  const licence = said?.replace(/^\((.*)\)$/, '$1') ?? 'unknown'
  counts.set(licence, (counts.get(licence) ?? 0) + 1)
  if (!isAllowed(licence)) refused.push(`${path}@${version}: ${licence}`)
}
for (const [licence, count] of [...counts].sort(([, one], [, other]) => other - one))
  console.log(`${count}\t${licence}`)
if (refused.length > 0) {
  console.error(`licences that are not allowed (mend: another package, or the list in deploy/licences.mjs):`)
  for (const line of refused) console.error(`  ${line}`)
  process.exitCode = 1
}
