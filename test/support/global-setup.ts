import type { TestProject } from 'vitest/node'
import { liveChildren } from './services/reaper.ts'
import { type SharedServices, startSharedServices } from './services/shared.ts'

declare module 'vitest' {
  interface ProvidedContext {
    services: SharedServices
  }
}

type Running = { starting: ReturnType<typeof startSharedServices>; users: number }

/**
 * Every server project calls this, each in a module graph of its own, and all of them are to share one set: so what is
 * running is kept on the process's global object, with a count of its users.
 */
const holder: { [key: symbol]: Running | undefined } = globalThis
const key = Symbol.for('forewarm.test.services')

export async function setup(project: TestProject): Promise<void> {
  const running = holder[key] ?? { starting: startSharedServices(), users: 0 }
  holder[key] = running
  running.users += 1
  project.provide('services', (await running.starting).services)
}

export async function teardown(): Promise<void> {
  const running = holder[key]
  if (!running) return
  running.users -= 1
  if (running.users > 0) return
  holder[key] = undefined
  await (await running.starting).stop()
  const left = liveChildren()
  if (left.length > 0) throw new Error(`servers outlived the test run: ${left.join(', ')}`)
}
