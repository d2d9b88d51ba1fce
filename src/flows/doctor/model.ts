/** Whether the model that is stored is one that these settings go on with. */
import { ERROR_MENDS } from '../../ports/error-mends.ts'
import type { ModelMeta } from '../../ports/model-store.ts'
import { metaMismatch } from '../ingest/model-meta.ts'
import type { Finding, FindingsOf } from './finding.ts'

/** `stored` is null before the first start of an ingest. */
export function modelFinding(wanted: ModelMeta, stored: ModelMeta | null, { ok, fail }: FindingsOf): Finding {
  if (stored === null) return ok('no model is stored yet')
  const mismatch = metaMismatch(wanted, stored)
  return mismatch === null
    ? ok('the stored model was made with these settings')
    : fail(`FW_MODEL_MISMATCH: ${mismatch}`, ERROR_MENDS.FW_MODEL_MISMATCH)
}
