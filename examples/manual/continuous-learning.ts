/** An analyzer that learns while it works: it counts lines, and its reads teach forewarm what it will read next time. */
import { readdir } from 'node:fs/promises'
import { createCacheWarmer } from '../../src/library.ts'

const [directory = '.', rounds = '3'] = process.argv.slice(2)

const warmer = await createCacheWarmer({ workspace: 'application', directory, analyzer: 'line-count' })

for (let round = 1; round <= Number(rounds); round += 1) {
  let lines = 0
  for (const path of await sourceFiles(directory)) {
    const bytes = await warmer.read(path)
    lines += bytes === null ? 0 : new TextDecoder().decode(bytes).split('\n').length
  }
  warmer.endSession()
  await warmer.flush()
  console.log(`round ${round}: ${lines} lines, hit rate so far ${await hitRate()}`)
}

for (const { path, coFile, strength } of (await warmer.patterns.correlations()).slice(0, 5)) {
  console.log(`${path} is read with ${coFile}: ${strength.toFixed(2)}`)
}
await warmer.close()

async function sourceFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true })
  return entries.filter((path) => /\.(py|ts|js|go)$/.test(path) && !path.includes('node_modules')).sort()
}

async function hitRate(): Promise<string> {
  const rate = await warmer.hitRate()
  return rate === null ? 'unknown yet' : `${(rate * 100).toFixed(1)} %`
}
