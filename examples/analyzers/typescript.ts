/**
 * TypeScript's compiler over a fleet's shared cache: node examples/analyzers/typescript.ts WORKSPACE CHECKOUT
 *
 * Checks the types of the checkout's tsconfig.json. The compiler asks for files at once, the cache answers later: what it
 * asks for in vain is read through the session and handed over in the next round, until nothing is missing. A round each
 * level of imports that no tsconfig.json lists; the sources that it does list come in one.
 */
import { resolve } from 'node:path'
import { API, type Program } from 'typescript/unstable/async'
import { openForewarm } from '../../src/library.ts'
import { gitFiles, gitRevision } from './git-files.ts'

const [workspace, folder] = process.argv.slice(2)
if (workspace === undefined || folder === undefined) {
  console.error('usage: typescript.ts WORKSPACE CHECKOUT')
  process.exit(2)
}

const checkout = resolve(folder)
const forewarm = await openForewarm({ workspace, origin: checkout })
const session = forewarm.reader.session({ analyzer: 'typescript', revision: await gitRevision(checkout) })

/** Committed files by absolute path; the compiler's own libraries and node_modules it reads by itself. */
const versions = new Map(
  (await gitFiles(checkout)).map(({ path, version }) => [resolve(checkout, path), { path, version }]),
)
/** Null: committed, but gone from the checkout. */
const texts = new Map<string, string | null>()
const missing = new Set<string>()

const compiler = new API({ cwd: checkout, fs: { readFile: readNow } })
await fetchAll([resolve(checkout, 'tsconfig.json')])
const program = await check()
const findings = [...(await program.getSyntacticDiagnostics()), ...(await program.getSemanticDiagnostics())]
await compiler.close()
session.end()
await forewarm.close()

for (const { fileName = '', code, text } of findings) console.log(`${fileName}: TS${code}: ${text}`)
console.log(`${texts.size} files read, ${findings.length} errors`)
if (findings.length > 0) process.exitCode = 1

/** The compiler's question for a file: undefined sends it to the disk, null says that there is none (yet). */
function readNow(file: string): string | null | undefined {
  if (!versions.has(file)) return undefined
  const text = texts.get(file)
  if (text === undefined) missing.add(file)
  return text ?? null
}

async function check(): Promise<Program> {
  for (;;) {
    const snapshot = await compiler.updateSnapshot({
      openProjects: [resolve(checkout, 'tsconfig.json')],
      fileChanges: { invalidateAll: true },
    })
    const [project] = snapshot.getProjects()
    if (project === undefined) throw new Error('tsconfig.json makes no project')
    if (missing.size === 0) return project.program
    await fetchAll([...missing])
    missing.clear()
    await snapshot.dispose()
  }
}

async function fetchAll(files: readonly string[]): Promise<void> {
  await Promise.all(files.map(fetchOne))
}

async function fetchOne(file: string): Promise<void> {
  const known = versions.get(file)
  if (known === undefined) return
  const bytes = await session.read(known.path, { version: known.version })
  texts.set(file, bytes === null ? null : new TextDecoder().decode(bytes))
}
