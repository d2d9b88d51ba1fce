import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { findPrometheus } from '../support/services/prometheus.ts'

type Rule = { readonly alert: string; readonly annotations: Readonly<Record<string, string>> }
type Rules = { readonly groups: readonly { readonly rules: readonly Rule[] }[] }
type Expected = { readonly exp_labels: Readonly<Record<string, string>> }
type Case = { readonly alertname: string; readonly exp_alerts: readonly Expected[] }
type Suite = { readonly tests: readonly { readonly alert_rule_test: readonly Case[] }[] }

const RULES = resolve('deploy/prometheus/alerts.yaml')
const alerts = async (): Promise<readonly Rule[]> =>
  (parse(await readFile(RULES, 'utf8')) as Rules).groups.flatMap(({ rules }) => rules)
const suite = async (): Promise<Suite> => parse(await readFile('test/chart/alerts.promtool.yaml', 'utf8'))

/** promtool compares annotations too: those of the rule, with the labels that are expected put in. */
function withAnnotations({ alertname, exp_alerts, ...rest }: Case, rules: readonly Rule[]) {
  const annotations = Object.entries(rules.find(({ alert }) => alert === alertname)?.annotations ?? {})
  const said = (labels: Expected['exp_labels']) =>
    annotations.map(([name, text]) => [
      name,
      text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label) => labels[label] ?? ''),
    ])
  const exp = exp_alerts.map((one) => ({ ...one, exp_annotations: Object.fromEntries(said(one.exp_labels)) }))
  return { ...rest, alertname, exp_alerts: exp }
}

test('promtool: each alert comes when it should, and not before', async () => {
  const [rules, { tests, ...rest }, { promtool }] = [await alerts(), await suite(), await findPrometheus()]
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-alerts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const whole = tests.map((one) => ({
    ...one,
    alert_rule_test: one.alert_rule_test.map((each) => withAnnotations(each, rules)),
  }))
  const file = join(folder, 'tests.yaml')
  await writeFile(file, stringify({ ...rest, rule_files: [RULES], tests: whole }))
  const run = spawnSync(promtool, ['test', 'rules', file], { encoding: 'utf8' })
  expect([run.status, run.stderr + (run.status === 0 ? '' : run.stdout)]).toEqual([0, ''])
})

test('no alert is without a case in which it comes', async () => {
  const { tests } = await suite()
  const coming = tests
    .flatMap(({ alert_rule_test }) => alert_rule_test)
    .filter(({ exp_alerts }) => exp_alerts.length > 0)
  const tried = new Set(coming.map(({ alertname }) => alertname))
  expect((await alerts()).map(({ alert }) => alert).filter((alert) => !tried.has(alert))).toEqual([])
})
