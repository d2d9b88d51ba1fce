/**
 * ESLint over a fleet's shared cache: node examples/analyzers/eslint.ts WORKSPACE CHECKOUT
 *
 * Lints what the checkout's own eslint.config.js takes. Which deployment it joins say FOREWARM_CONFIG and the FOREWARM_
 * variables; without them it is the embedded one of this folder.
 */
import { resolve } from 'node:path'
import { ESLint } from 'eslint'
import { openForewarm } from '../../src/library.ts'
import { gitFiles, gitRevision } from './git-files.ts'

const SOURCE = /\.[cm]?jsx?$/

const [workspace, folder] = process.argv.slice(2)
if (workspace === undefined || folder === undefined) {
  console.error('usage: eslint.ts WORKSPACE CHECKOUT')
  process.exit(2)
}

const checkout = resolve(folder)
const eslint = new ESLint({ cwd: checkout })
const forewarm = await openForewarm({ workspace, origin: checkout })
const session = forewarm.reader.session({ analyzer: 'eslint', revision: await gitRevision(checkout) })

const results: ESLint.LintResult[] = []
for (const { path, version } of await gitFiles(checkout)) {
  const filePath = resolve(checkout, path)
  if (!SOURCE.test(path) || (await eslint.isPathIgnored(filePath))) continue
  const bytes = await session.read(path, { version })
  if (bytes !== null) results.push(...(await eslint.lintText(new TextDecoder().decode(bytes), { filePath })))
}
session.end()
await forewarm.close()

const formatter = await eslint.loadFormatter('stylish')
process.stdout.write(await formatter.format(results))
const errors = results.reduce((sum, { errorCount }) => sum + errorCount, 0)
console.log(`${results.length} files linted, ${errors} errors`)
if (errors > 0) process.exitCode = 1
