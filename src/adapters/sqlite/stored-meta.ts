import { DatabaseSync } from 'node:sqlite'
import type { ModelMeta } from '../../ports/model-store.ts'
import { metaFromText } from '../model-rows.ts'

/** What the model in a file was made with; null where it holds none yet. Changes nothing, and throws what SQLite says. */
export function storedMeta(file: string): ModelMeta | null {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'model_meta'").get() !== undefined
    const row = isThere ? database.prepare('SELECT meta FROM model_meta').get() : undefined
    return row === undefined ? null : metaFromText(String(row['meta']))
  } finally {
    database.close()
  }
}
