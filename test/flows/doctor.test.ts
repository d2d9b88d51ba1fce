import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { cacheUsers, modelUsers } from '../../deploy/redis/generate.ts'
import { certificateFinding } from '../../src/flows/doctor/certificate.ts'
import { clockFinding } from '../../src/flows/doctor/clock.ts'
import { findingsOf } from '../../src/flows/doctor/finding.ts'
import { DOCTOR_ROLES, NEEDS } from '../../src/flows/doctor/needs.ts'

type Acl = {
  readonly resource: { readonly type: string; readonly name: string }
  readonly operations: readonly string[]
}
type User = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: { readonly authorization: { readonly acls: readonly Acl[] } }
}

test('each role is looked at for exactly what the chart allows its Kafka user', () => {
  const text = readFileSync('deploy/helm/examples/rendered/strimzi-keda.yaml', 'utf8')
  const users: readonly User[] = parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((manifest) => manifest?.kind === 'KafkaUser')
  const rightsOf = ({ spec }: User) =>
    spec.authorization.acls
      .flatMap(({ resource, operations }) => operations.map((what) => `${what} ${resource.name.split('.').at(-1)}`))
      .toSorted()
  const needsOf = (role: (typeof DOCTOR_ROLES)[number]) => {
    const { reads, writes, groups, manages } = NEEDS[role]
    return [
      ...[...reads, ...groups].map((name) => `Read ${name}`),
      ...writes.map((name) => `Write ${name}`),
      ...manages.flatMap((name) =>
        ['Create', 'Describe', 'DescribeConfigs', 'AlterConfigs'].map((w) => `${w} ${name}`),
      ),
    ].toSorted()
  }
  const allowed = users.map((user) => [user.metadata.name.replace('forewarm-', ''), rightsOf(user)] as const)
  const looked = DOCTOR_ROLES.filter((role) => allowed.some(([name]) => name === role)).map(
    (role) => [role, needsOf(role)] as const,
  )
  expect(looked.length).toBeGreaterThan(4)
  expect(Object.fromEntries(looked)).toEqual(Object.fromEntries(allowed))
})

/** What cannot be tried without a change to a key that is there, and what every client of Redis does. */
const NOT_TRIED = ['hsetnx', 'info']

test.each(DOCTOR_ROLES)('%s is looked at for exactly the commands that deploy/redis allows its users', (role) => {
  for (const [kind, users] of [
    ['models', modelUsers('')],
    ['cache', cacheUsers('')],
  ] as const) {
    const allowed = (users[role]?.commands ?? []).map((command) => command.split('|')[0] ?? '')
    const looked = Object.values(NEEDS[role][kind] ?? {}).flat()
    const tried = (commands: readonly string[]) => new Set(commands.filter((command) => !NOT_TRIED.includes(command)))
    expect([kind, tried(looked)]).toEqual([kind, tried(allowed)])
  }
})

test.each([
  [400, 0, 'ok', 'agree within 400 ms'],
  [2_000, 1_500, 'ok', 'agree within 3500 ms'],
  [2_000, 100, 'warn', '2.0 s ahead of'],
  [-90_000, 100, 'fail', '90.0 s behind'],
])('a clock %d ms ahead, known to %d ms, is %s', (aheadMs, withinMs, state, said) => {
  const { what, ...found } = clockFinding('Redis', { aheadMs, withinMs })
  expect(found.state).toBe(state)
  expect(what).toContain(said)
})

test.each([
  [-0.1, 'fail', 'has ended on 2026-03-01'],
  [0.5, 'warn', 'ends on 2026-03-02, in 0 days'],
  [1, 'warn', 'ends on 2026-03-02, in 1 day'],
  [13.9, 'warn', 'in 13 days'],
  [14, 'ok', 'is good until 2026-03-15'],
])('a certificate that ends in %d days is %s', (days, state, said) => {
  const nowMs = Date.UTC(2026, 2, 1, 12)
  const endsAtMs = nowMs + days * 86_400_000
  const facts = { name: 'CN=a', endsAtMs, day: new Date(endsAtMs).toISOString().slice(0, 10) }
  const found = certificateFinding('here', facts, { ...findingsOf('Kafka'), nowMs })
  expect(found).toMatchObject({
    subject: 'Kafka',
    state,
    what: expect.stringContaining(`here: the certificate of CN=a`),
  })
  expect(found.what).toContain(said)
})
