import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { findHelm } from '../support/helm/binaries.ts'
import { at, chartFolder, examplesFolder, helm, oneOf, render, strimzi } from '../support/helm/chart.ts'

beforeAll(() => findHelm('4'))

describe('monitoring', () => {
  it('puts the dashboards of the chart into ConfigMaps for a sidecar', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'forewarm-dashboards-'))
    try {
      cpSync(chartFolder, folder, { recursive: true })
      mkdirSync(join(folder, 'dashboards'), { recursive: true })
      writeFileSync(join(folder, 'dashboards', 'pipeline.json'), '{"title": "{{ not for Helm }}"}')
      const values = ['--values', join(examplesFolder, 'minimal.yaml'), '--set', 'metrics.dashboards.enabled=true']
      const text = await helm('4', [
        'template',
        'forewarm',
        folder,
        ...values,
        '--show-only',
        'templates/dashboards.yaml',
      ])
      const pipeline = text.split('---').find((one) => one.includes('pipeline.json')) ?? ''
      expect(parse(pipeline)).toMatchObject({
        metadata: { name: 'forewarm-dashboard-pipeline', labels: { grafana_dashboard: '1' } },
        data: { 'pipeline.json': '{"title": "{{ not for Helm }}"}\n' },
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('gives alerts the address of their runbook, and leaves out what is not wanted', async () => {
    const alertsOf = async (values: object) =>
      at(oneOf(await render({ files: strimzi, values }), 'PrometheusRule'), 'spec.groups.0.rules') as readonly {
        alert: string
        annotations: Record<string, string>
      }[]
    const all = await alertsOf({})
    expect(all.map(({ annotations }) => annotations['runbook_url'])).toEqual(
      all.map(({ alert }) => `https://docs.acme.example/forewarm/operations.md#${alert.toLowerCase()}`),
    )
    const fewer = await alertsOf({ metrics: { prometheusRule: { disabled: ['ForewarmDeadLetters'] } } })
    expect(all.length - fewer.length).toBe(1)
  })
})
