// How is the process in this container? `node healthcheck.mjs livez|readyz`; exit code 0: well.
const path = process.argv[2] ?? 'livez'
const port = process.env.FOREWARM_HEALTH__PORT

try {
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, { signal: AbortSignal.timeout(4_000) })
  console.log(`port ${port}: ${response.status} ${await response.text()}`)
  process.exitCode = response.ok ? 0 : 1
} catch {
  console.log(`nothing answers at port ${port} (FOREWARM_HEALTH__PORT)`)
  process.exitCode = 1
}
