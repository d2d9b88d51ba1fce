/** The code of a parse thread: wishes in, what was parsed out. */
import '../adapters/system/without-proto.ts'
import { parentPort } from 'node:worker_threads'
import { type ParseWish, parseBatch } from '../adapters/languages/parse-batch.ts'
import { loadLanguageSets } from './languages.ts'

const sets = await loadLanguageSets()

parentPort?.on('message', (wish: ParseWish) => parentPort?.postMessage(parseBatch(sets, wish)))
