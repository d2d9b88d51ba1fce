import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settingsFrom } from '../../src/config/load.ts'
import { findHelm, findKubeconform, HELMS } from '../support/helm/binaries.ts'
import {
  chartFolder,
  examplesFolder,
  helm,
  type Manifest,
  ofKind,
  oneOf,
  render,
  renderText,
} from '../support/helm/chart.ts'
import { schemaLocation } from '../support/helm/schemas.ts'
import { strimziProblems } from '../support/helm/strimzi/check.ts'

const examples = readdirSync(examplesFolder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''))
const valuesOf = (example: string): string => join(examplesFolder, `${example}.yaml`)
const isStrimzi = ({ apiVersion }: Manifest): boolean => apiVersion.startsWith('kafka.strimzi.io/')

const folder = mkdtempSync(join(tmpdir(), 'forewarm-chart-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(async () => {
  await Promise.all([...HELMS.map(findHelm), findKubeconform(), schemaLocation()])
})

/** What kubeconform says of each object that it does not take. */
async function conformProblems(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const file = join(folder, 'manifests.json')
  writeFileSync(file, manifests.map((one) => JSON.stringify(one)).join('\n---\n'))
  const args = ['-strict', '-output', 'json', '-schema-location', await schemaLocation(), file]
  const { stdout } = spawnSync(await findKubeconform(), args, { encoding: 'utf8' })
  const { resources } = JSON.parse(stdout) as { resources: { kind: string; name: string; msg: string }[] | null }
  // It checks several at once, and tells in the order of their ends.
  return (resources ?? []).map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`).sort()
}

describe.each(examples)('the example %s', (example) => {
  it('renders to what lies beside it, on Helm 3 and 4 alike (mend: FOREWARM_TEST_WRITE_GOLDEN=1, and read what changed)', async () => {
    const golden = join(examplesFolder, 'rendered', `${example}.yaml`)
    const [three, four] = await Promise.all(
      HELMS.map((major) => renderText({ helm: major, files: [valuesOf(example)] })),
    )
    if (process.env['FOREWARM_TEST_WRITE_GOLDEN']) writeFileSync(golden, four ?? '')
    expect(three).toBe(four)
    expect(four).toBe(readFileSync(golden, 'utf8'))
  })

  it("is what Kubernetes' and the operators' schemas take", async () => {
    const manifests = await render({ files: [valuesOf(example)] })
    expect(await conformProblems(manifests.filter((one) => !isStrimzi(one)))).toEqual([])
  })

  it('gives processes a settings file that they take', async () => {
    const text =
      oneOf(await render({ files: [valuesOf(example)] }), 'ConfigMap', 'forewarm').data?.['forewarm.yaml'] ?? ''
    // What comes from secrets; with it the file is whole.
    const environment = new Map([
      ['FOREWARM_KAFKA__SASL__USERNAME', 'someone'],
      ['FOREWARM_KAFKA__SASL__PASSWORD', 'secret'],
    ])
    expect(settingsFrom({ file: { name: 'forewarm.yaml', text }, environment }).mode).toBe('distributed')
  })

  it.each(HELMS)('passes the lint of Helm %s', async (major) => {
    expect(await helm(major, ['lint', chartFolder, '--strict', '--values', valuesOf(example)])).toContain(
      '0 chart(s) failed',
    )
  })
})

it("Strimzi's own classes take its topics and users", async () => {
  const manifests = await render({ files: [valuesOf('strimzi-keda')] })
  expect(ofKind(manifests, 'KafkaTopic')).toHaveLength(5)
  expect(await strimziProblems(manifests.filter(isStrimzi))).toEqual([])
})

it('the checks find what is wrong', async () => {
  const manifests = await render({ files: [valuesOf('strimzi-keda')] })
  const wrong = (kind: string, spec: object): Manifest => {
    const [one] = ofKind(manifests, kind)
    if (one === undefined) throw new Error(`nothing of kind ${kind} was rendered`)
    return { ...one, spec: { ...(one.spec as object), ...spec } }
  }
  const [deployment, scaled] = [wrong('Deployment', { replica: 2 }), wrong('ScaledObject', { triggers: [{ type: 1 }] })]
  expect(await conformProblems([deployment, scaled])).toEqual([
    expect.stringContaining("additional properties 'replica' not allowed"),
    expect.stringContaining('triggers/0'),
  ])
  expect(
    await strimziProblems([wrong('KafkaTopic', { partition: 2 }), wrong('KafkaTopic', { replicas: 'many' })]),
  ).toEqual(['KafkaTopic forewarm-access-events.Spec: unknown field partition', expect.stringContaining('many')])
})

describe('what an install says', () => {
  const said = async (example: string, values: object): Promise<string> => {
    const of = ['--namespace', 'forewarm', '--values', valuesOf(example), '--values', '-']
    const text = await helm(
      '4',
      ['install', 'forewarm', chartFolder, '--dry-run=client', ...of],
      JSON.stringify(values),
    )
    return text.slice(text.lastIndexOf('\nNOTES:'))
  }

  it('can be pasted: the workspace by its name in an address', async () => {
    const notes = await said('minimal', {})
    expect(notes).toContain(' http://127.0.0.1:8787/v1/workspaces/acme%2Fweb/warm-requests\n')
    expect(notes).toContain('helm -n forewarm test forewarm')
  })

  it('speaks TLS to a gateway that does, and shows a certificate to one that requires it', async () => {
    const notes = await said('mtls-cluster', { gateway: { tls: { clientCertificates: 'required' } } })
    expect(notes).toMatch(/curl --cacert ca\.crt .*--cert client\.crt .*https:\/\/forewarm\.acme\.example:8787\/v1/)
    expect(notes).not.toContain('http://')
  })
})
