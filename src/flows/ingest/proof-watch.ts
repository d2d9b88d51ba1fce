import { type AccuracyState, judgeAccuracy } from '../../model/accuracy-alarm.ts'
import type { Estimate } from '../../model/cluster-share.ts'
import type { Proof } from '../../model/proof.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { Attributes, Log, Telemetry } from '../../ports/telemetry.ts'

export type ProofWatchDeps = {
  readonly models: Pick<ModelReader, 'learned'>
  readonly telemetry: Telemetry
  readonly logger: Log
  /** Whether a workspace's first shard is still folded by this process. */
  readonly isOurs: (workspace: string) => boolean
  /** Accuracy that a workspace wants at least, 0..1. */
  readonly accuracyTarget: (workspace: string) => number
}

/** What is told of each workspace. */
const GAUGES = [
  'forewarm.accuracy',
  'forewarm.accuracy.low',
  'forewarm.timeliness',
  'forewarm.hit_rate',
  'forewarm.misses_prevented',
  'forewarm.coverage',
] as const

type Gauge = (typeof GAUGES)[number]

/** Workspaces whose warning is remembered; one that is forgotten may warn once more. */
const REMEMBERED_MAX = 10_000

/**
 * Tells how good warming is: gauges of each workspace, and one warning when its accuracy falls below what it wants, one
 * line more when it has recovered.
 */
export class ProofWatch {
  readonly #deps: ProofWatchDeps
  readonly #states = new Map<string, AccuracyState>()

  constructor(deps: ProofWatchDeps) {
    this.#deps = deps
  }

  /** Looks at some workspaces: those that this process folds the first shard of. */
  async look(workspaces: Iterable<string>): Promise<void> {
    this.#leaveOthers()
    for (const workspace of workspaces) {
      const learned = await this.#deps.models.learned(workspace)
      if (learned === null) continue
      this.#judge(workspace, learned.proof)
      this.#measure(workspace, learned.proof)
    }
  }

  /** A workspace that went to another process is that one's to tell of. */
  #leaveOthers(): void {
    const { telemetry, isOurs } = this.#deps
    for (const workspace of [...this.#states.keys()].filter((each) => !isOurs(each))) {
      for (const gauge of GAUGES) telemetry.withdraw(gauge, { workspace })
      this.#states.delete(workspace)
    }
  }

  #judge(workspace: string, { recent }: Proof): void {
    const { logger, telemetry, accuracyTarget } = this.#deps
    const target = accuracyTarget(workspace)
    const before = this.#states.get(workspace) ?? 'fine'
    const now = judgeAccuracy(before, recent, target)
    this.#states.delete(workspace)
    this.#states.set(workspace, now)
    const [oldest] = this.#states.keys()
    if (this.#states.size > REMEMBERED_MAX && oldest !== undefined) this.#states.delete(oldest)
    if (recent === null) return
    telemetry.measure('forewarm.accuracy.low', now === 'low' ? 1 : 0, { workspace })
    const fields = { workspace, accuracy: Math.round(recent.accuracy * 1_000) / 1_000, target, settled: recent.settled }
    if (before === 'fine' && now === 'low')
      logger.warn(fields, 'predictions of a workspace are less accurate than wanted')
    if (before === 'low' && now === 'fine') logger.info(fields, 'predictions of a workspace are accurate again')
  }

  #measure(workspace: string, proof: Proof): void {
    const { accuracy, timeliness, recent, hitRate, hitRateWithoutWarming, missesPrevented, coverage } = proof
    const spans = { all: { accuracy, timeliness }, recent: recent ?? { accuracy: null, timeliness: null } }
    for (const [window, of] of Object.entries(spans)) {
      this.#tell('forewarm.accuracy', of.accuracy, { workspace, window })
      this.#tell('forewarm.timeliness', of.timeliness, { workspace, window })
    }
    this.#estimate('forewarm.hit_rate', hitRate, { workspace, warming: 'with' })
    this.#estimate('forewarm.hit_rate', hitRateWithoutWarming, { workspace, warming: 'without' })
    this.#estimate('forewarm.misses_prevented', missesPrevented, { workspace })
    this.#estimate('forewarm.coverage', coverage, { workspace })
  }

  /** The bounds of an estimate are series of their own; without an error it has none. */
  #estimate(gauge: Gauge, estimate: Estimate | null, of: Attributes): void {
    const { value = null, error = null, low = null, high = null } = estimate ?? {}
    this.#tell(gauge, value, { ...of, bound: 'estimate' })
    this.#tell(gauge, error === null ? null : low, { ...of, bound: 'low' })
    this.#tell(gauge, error === null || !Number.isFinite(high) ? null : high, { ...of, bound: 'high' })
  }

  /** What cannot be said any more is not told any more. */
  #tell(gauge: Gauge, value: number | null, attributes: Attributes): void {
    const { telemetry } = this.#deps
    if (value === null) telemetry.withdraw(gauge, attributes)
    else telemetry.measure(gauge, value, attributes)
  }
}
