import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

type Lock = {
  readonly packages: Readonly<
    Record<string, { version: string; dev?: boolean; integrity?: string; dependencies?: object }>
  >
}
type Bill = {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly name: string } }
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
  readonly components: readonly {
    readonly purl: string
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
    readonly licenses?: readonly unknown[]
  }[]
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock

test('npm run sbom lists what the image holds, each package with its digest, and nothing of the tests', () => {
  const bill = JSON.parse(execFileSync('npm', ['run', '--silent', 'sbom'], { encoding: 'utf8' })) as Bill
  expect([bill.bomFormat, bill.metadata.component.name]).toEqual(['CycloneDX', 'forewarm'])
  const listed = new Map(
    bill.components.map(({ purl, hashes }) => [decodeURIComponent(purl.split('?')[0] ?? ''), hashes?.[0]?.content]),
  )
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  expect(shipped.length).toBeGreaterThan(100)
  for (const [path, { version, integrity = '' }] of shipped) {
    const purl = `pkg:npm/${path.split('node_modules/').at(-1)}@${version}`
    const digest = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
    expect([purl, listed.get(purl)]).toEqual([purl, digest])
  }
  expect(bill.components.filter(({ licenses = [] }) => licenses.length === 0)).toEqual([])
  expect([...listed.keys()].filter((purl) => /vitest|biome|typescript@/.test(purl))).toEqual([])
  const itself = bill.dependencies.find(({ ref }) => ref.startsWith('forewarm@'))
  const needed = Object.entries(packages['']?.dependencies ?? {}).map(([name, version]) => `${name}@${version}`)
  expect(itself?.dependsOn).toEqual(expect.arrayContaining(needed))
})
