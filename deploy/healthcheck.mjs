// How is the process in this container? `node healthcheck.mjs livez|readyz`; exit code 0: well.
// ingest, predict and warm answer at their health port; gateway and up, which have none, at the gateway's.
const path = process.argv[2] ?? 'livez'
const ports = [process.env.FOREWARM_HEALTH__PORT, process.env.FOREWARM_GATEWAY__PORT]
const timeoutMs = 4_000

async function answerOf(port) {
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, { signal: AbortSignal.timeout(timeoutMs) })
  return { ok: response.ok, text: `port ${port}: ${response.status} ${await response.text()}` }
}

const answers = await Promise.allSettled(ports.filter(Boolean).map(answerOf))
const [first] = answers.filter(({ status }) => status === 'fulfilled').map(({ value }) => value)
console.log(first?.text ?? `nothing answers at ports ${ports.join(', ')}`)
process.exitCode = first?.ok ? 0 : 1
