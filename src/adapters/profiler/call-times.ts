/** How often each method of some ports is called, and how long its calls take: where the time of a run goes. */

export type CallTime = {
  readonly name: string
  readonly calls: number
  /** Sum over all calls; calls side by side count each. */
  readonly totalMs: number
  readonly slowestMs: number
}

type Sum = { calls: number; totalMs: number; slowestMs: number }

export class CallTimes {
  readonly #nowMs: () => number
  readonly #sums = new Map<string, Sum>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** The same object, but calls of its methods are timed under `<name>.<method>`. */
  watch<Port extends object>(name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member)
        if (typeof value !== 'function') return value
        return (...args: readonly unknown[]) =>
          this.#timed(`${name}.${String(member)}`, () => Reflect.apply(value, target, args))
      },
    })
  }

  /** The most time first. */
  table(): readonly CallTime[] {
    return [...this.#sums].map(([name, sum]) => ({ name, ...sum })).sort((one, other) => other.totalMs - one.totalMs)
  }

  #timed(name: string, call: () => unknown): unknown {
    const startedMs = this.#nowMs()
    const end = () => this.#add(name, this.#nowMs() - startedMs)
    const result = call()
    if (result instanceof Promise) return result.finally(end)
    if (isAsyncIterable(result)) return this.#timedItems(name, result)
    end()
    return result
  }

  /** Only the waits for the next item count, not what is done with it. */
  async *#timedItems(name: string, items: AsyncIterable<unknown>): AsyncIterable<unknown> {
    const iterator = items[Symbol.asyncIterator]()
    try {
      for (;;) {
        const startedMs = this.#nowMs()
        const next = await iterator.next()
        this.#add(name, this.#nowMs() - startedMs)
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }

  #add(name: string, tookMs: number): void {
    const sum = this.#sums.get(name) ?? { calls: 0, totalMs: 0, slowestMs: 0 }
    this.#sums.set(name, {
      calls: sum.calls + 1,
      totalMs: sum.totalMs + tookMs,
      slowestMs: Math.max(sum.slowestMs, tookMs),
    })
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value
