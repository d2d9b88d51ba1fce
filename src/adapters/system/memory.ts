import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessMemory } from '../../ports/process-memory.ts'

export type CgroupPlaces = {
  /** Where the control groups are mounted. */
  readonly root: string
  /** File that names the groups of this process. */
  readonly self: string
}

const PLACES: CgroupPlaces = { root: '/sys/fs/cgroup', self: '/proc/self/cgroup' }

/** Names of what a memory controller shows, by version of the control groups (docs.kernel.org, cgroup-v1 and cgroup-v2). */
type Hierarchy = {
  readonly mount: string
  readonly limit: string
  readonly usage: string
  /** Cache of files that nobody has used lately: the kernel takes it back before anything else. */
  readonly reclaimable: RegExp
}

const V2: Hierarchy = {
  mount: '',
  limit: 'memory.max',
  usage: 'memory.current',
  reclaimable: /^inactive_file (\d+)$/m,
}
const V1: Hierarchy = {
  mount: 'memory',
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  reclaimable: /^total_inactive_file (\d+)$/m,
}

/**
 * The share of its memory limit that the tightest control group above this process uses, without what the kernel can
 * take back at once (as Kubernetes counts the working set). Where no group has a limit, what the process itself holds
 * against what the system says that it may have; 0 where that says nothing.
 */
export function createProcessMemory(places: CgroupPlaces = PLACES): ProcessMemory {
  return {
    async share() {
      const self = await readFile(places.self, 'utf8').catch(() => '')
      const shares = await Promise.all([
        ...groupsOf(self, /^0::(.*)$/m).map((group) => shareOf(join(places.root, V2.mount), group, V2)),
        ...groupsOf(self, /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m).map((group) =>
          shareOf(join(places.root, V1.mount), group, V1),
        ),
      ])
      const bounded = shares.filter((share) => share !== null)
      return Math.min(1, bounded.length > 0 ? Math.max(...bounded) : ownShare())
    },
  }
}

/** A group and all above it, the root last; a container's own mount shows its group as the root. */
function groupsOf(self: string, line: RegExp): readonly string[] {
  const group = line.exec(self)?.[1]
  if (group === undefined) return []
  const names = group.split('/').filter((name) => name !== '' && name !== '..')
  return Array.from({ length: names.length + 1 }, (_, up) => names.slice(0, names.length - up).join('/'))
}

/** Null where the group is not to be seen from here or has no limit. */
async function shareOf(mount: string, group: string, of: Hierarchy): Promise<number | null> {
  const read = async (name: string): Promise<string> => readFile(join(mount, group, name), 'utf8').catch(() => '')
  const [limit, usage, stat] = await Promise.all([read(of.limit), read(of.usage), read('memory.stat')])
  const [limitBytes, usedBytes] = [Number.parseInt(limit, 10), Number.parseInt(usage, 10)]
  if (!(limitBytes > 0 && limitBytes < UNLIMITED_BYTES && usedBytes >= 0)) return null
  const reclaimableBytes = Number(of.reclaimable.exec(stat)?.[1] ?? 0)
  return Math.max(0, usedBytes - reclaimableBytes) / limitBytes
}

function ownShare(): number {
  const limitBytes = process.constrainedMemory()
  return limitBytes > 0 && limitBytes < UNLIMITED_BYTES ? process.memoryUsage.rss() / limitBytes : 0
}

/** The first version says "none" by the largest number of whole pages: no machine has 2^53 bytes. */
const UNLIMITED_BYTES = Number.MAX_SAFE_INTEGER
