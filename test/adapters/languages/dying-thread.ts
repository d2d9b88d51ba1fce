/** The code of a parse thread that ends when a file says so, as a parser out of memory would. */
import { parentPort } from 'node:worker_threads'
import { type ParseWish, parseBatch } from '../../../src/adapters/languages/parse-batch.ts'
import { loadLanguageSets } from '../../../src/compose/languages.ts'

const sets = await loadLanguageSets()

parentPort?.on('message', (wish: ParseWish) => {
  if (wish.files.some(({ bytes }) => Buffer.from(bytes).includes('END'))) process.exit(1)
  parentPort?.postMessage(parseBatch(sets, wish))
})
