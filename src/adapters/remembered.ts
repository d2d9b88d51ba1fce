/** Answers with the last value while it is younger than `ageMsMax`, and asks once for all who ask at the same time. */
export function remembered<Value>(ageMsMax: number, measure: () => Promise<Value>): () => Promise<Value> {
  let latest: { readonly atMs: number; readonly value: Promise<Value> } | null = null
  return () => {
    const nowMs = performance.now()
    if (latest !== null && nowMs - latest.atMs < ageMsMax) return latest.value
    const asked = { atMs: nowMs, value: measure() }
    latest = asked
    asked.value.catch(() => {
      if (latest === asked) latest = null
    })
    return asked.value
  }
}
