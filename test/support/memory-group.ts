import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type MemoryGroup = {
  /** A process joins the group by writing its id there. */
  readonly procs: string
  /** Once no process is left in it. */
  remove(): void
}

/** Makes a control group with a memory limit; null where this user may not. */
export function makeMemoryGroup(limitBytes: number): MemoryGroup | null {
  const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
  const root = isV2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory'
  const folder = join(root, `forewarm-test-${process.pid}`)
  try {
    if (isV2) writeFileSync(join(root, 'cgroup.subtree_control'), '+memory')
    mkdirSync(folder)
    writeFileSync(join(folder, isV2 ? 'memory.max' : 'memory.limit_in_bytes'), String(limitBytes))
    return { procs: join(folder, 'cgroup.procs'), remove: () => rmdirSync(folder) }
  } catch {
    if (existsSync(folder)) rmdirSync(folder)
    return null
  }
}
