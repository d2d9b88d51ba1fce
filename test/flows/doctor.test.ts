import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { clockFinding } from '../../src/flows/doctor/clock.ts'
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
