const CPU_MS = 300
const SLOWDOWN_MAX = 10

/** How many times longer work takes here now than its processor time: 1 alone on a processor, 10 at the most. */
export function slowdown(): number {
  const [startedMs, before] = [performance.now(), process.cpuUsage()]
  const cpuMs = () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
  while (cpuMs() < CPU_MS);
  return Math.min(SLOWDOWN_MAX, Math.max(1, (performance.now() - startedMs) / cpuMs()))
}
