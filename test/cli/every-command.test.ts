/** What holds of every command: its help, `--json`, how it fails, and that hostile names do not steer a terminal. */
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { everyCommand } from '../../src/cli/invoke.ts'
import { program } from '../../src/cli/program.ts'
import { ownTerminal } from '../../src/cli/terminal.ts'
import { cliWorld, jsonLines } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

/** `runs list`; without the name of the program. */
const nameOf = (command: Command): string =>
  command.parent === null ? '' : `${nameOf(command.parent)} ${command.name()}`.trim()

const every = everyCommand(program(ownTerminal)).filter(({ parent }) => parent !== null)
const leaves = every.filter(({ commands }) => commands.length === 0).map(nameOf)
const words = (name: string): readonly string[] => name.split(' ')
const world = cliWorld()

test('every command is mounted once and tells its help', async () => {
  const names = every.map(nameOf)
  expect(names).toEqual([...new Set(names)])
  expect(names).toEqual(expect.arrayContaining(['up', 'worker', 'warm', 'runs retry', 'explain', 'pause', 'deps']))
  for (const name of names) {
    const { code, stdout, stderr } = await world.call(...words(name), '--help')
    expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: forewarm ${name}`)
  }
})

test.each(leaves)('%s tells wrong arguments in words, and as JSON under --json', async (name) => {
  const text = await world.call(...words(name), '--no-such-option')
  expect(text).toMatchObject({ code: 2, stdout: '' })
  expect(text.stderr).toMatch(
    /^forewarm: FW_REQUEST_INVALID: (?:unknown|required) option '-.*\n {2}mend: .*\n {2}more: {2}docs\/errors.md#fw_request_invalid\n$/,
  )
  const { code, stdout, stderr } = await world.call(...words(name), '--json', '--no-such-option')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(JSON.parse(stderr)).toEqual({
    ...{ code: 'FW_REQUEST_INVALID', message: expect.stringMatching(/option '-/), cause: null, retriable: false },
    ...{ mend: expect.any(String), page: 'docs/errors.md#fw_request_invalid', exitCode: 2 },
  })
})

test('a command without its part is told as JSON too', async () => {
  const text = await world.call('runs')
  expect(text).toMatchObject({ code: 2, stderr: expect.stringMatching(/^Usage: forewarm runs/) })
  expect(JSON.parse((await world.call('runs', '--json')).stderr)).toMatchObject({ code: 'FW_REQUEST_INVALID' })
})

test('settings that are wrong are told with their mend before any command begins', async () => {
  world.writeBeside({ 'bad.yaml': 'gatewy: {}\n' })
  for (const name of ['up', 'ingest', 'doctor', 'model list', 'topics plan']) {
    const { code, stderr } = await world.call('--config', 'bad.yaml', ...words(name), '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toMatchObject({
      ...{ code: 'FW_CONFIG_INVALID', message: expect.stringContaining('did you mean gateway?') },
      page: 'docs/errors.md#fw_config_invalid',
    })
  }
})

/** A name that clears the screen, turns the reading direction, and begins lines of its own. */
const EVIL = 'evil\u001b[2J\u009b31m\u202e\nforged: all is well\u2028.js'
/** The same as far as a session or a trace can have it. */
const EVIL_LINE = EVIL.replace(/[\n\u2028]/g, ' ')
const EVIL_NAME = 'evil\u202e\u2066name'
const STEERING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^forged/mu
const TRACE = [0, 1, 2, 3].flatMap((session) =>
  [EVIL_LINE, 'b.js', 'a.js'].map(
    (path, at) => `${session * 60_000 + at * 1_000},shop,"${EVIL_NAME}${session}:es${EVIL_NAME}","${path}"\n`,
  ),
)

/** These need a Kafka, or run for ever; what they print is tried where there is one (test/e2e, test/integrity). */
const ELSEWHERE = ['up', 'ingest', 'predict', 'worker', 'gateway', 'topics plan', 'topics apply']
/** Exit codes that tell something: a file that is gone, a letter that nobody has parked, the last token. */
const CODES: ReadonlyMap<string, number> = new Map([
  ['warm', 3],
  ['dead-letters show', 2],
  ['token revoke', 2],
])
/** What they show has hostile names in it. */
const SHOWING = ['warm', 'explain', 'patterns', 'model dump', 'deps']
/** Their result is on standard error: standard output is the command's. */
const ON_STDERR = ['record']

/** One use of each; `RUN` is the id of a run, `FORM` is `text` or `json`. In this order: later ones show what earlier ones have made. */
const USES: readonly (readonly [name: string, ...args: string[]])[] = [
  ['publish', 'trace.csv', '--speed', 'max'],
  ['warm', '--workspace', 'shop', './', 'gone\u001bc.js'],
  ['runs list', '--workspace', 'shop'],
  ['runs stats', '--workspace', 'shop'],
  ['runs show', 'RUN', '--workspace', 'shop'],
  ['runs retry', 'RUN', '--workspace', 'shop'],
  ['runs cancel', 'RUN', '--workspace', 'shop'],
  ['explain', EVIL, '--workspace', 'shop'],
  ['patterns', '--workspace', 'shop'],
  ['model list'],
  ['model dump', '--workspace', 'shop'],
  ['cache stats', '--workspace', 'shop'],
  ['deps', '--workspace', 'shop'],
  ['record', '--workspace', EVIL_NAME, '--root', 'shop', '--method', 'node', '--out', 'out.csv', 'node', 'shop/b.js'],
  ['replay', 'trace.csv', '--predictor', 'manual'],
  ['pause', '--workspace', EVIL_NAME],
  ['resume', '--workspace', EVIL_NAME],
  ['token create', 'by-FORM', '--workspace', EVIL_NAME, '--file', 'tokens.yaml'],
  ['token revoke', 'by-FORM', '--file', 'tokens.yaml'],
  ['dead-letters list'],
  ['dead-letters show', '0/0'],
  ['dead-letters redrive'],
  ['doctor'],
  ['config print'],
  ['config schema'],
  ['config reference'],
  ['init', '-', '--workspace', 'acme/shop'],
  ['completion', 'bash'],
  ['cache clear', '--workspace', 'shop'],
  ['model rebuild', '--workspace', 'shop'],
  ['model delete', '--workspace', 'shop'],
]

test('each command is tried below, or elsewhere', () => {
  expect([...USES.map(([name]) => name), ...ELSEWHERE].toSorted()).toEqual(leaves.toSorted())
})

test('names that steer a terminal are shown as escapes, and JSON is JSON', async () => {
  world.write({ [EVIL]: "import './b.js'\n", 'b.js': "import './a.js'\n", 'a.js': "import './b.js'\n" })
  world.writeBeside({ 'trace.csv': `time_ms,workspace,session,path\n${TRACE.join('')}` })
  let run = ''
  for (const [name, ...given] of USES) {
    const args = (form: string) => given.map((word) => word.replace(/^RUN$/, run).replace('FORM', form))
    const text = await world.call(...words(name), ...args('text'))
    expect(text.stdout + text.stderr, name).not.toMatch(STEERING)
    const json = await world.call(...words(name), '--json', ...args('json'))
    expect(json.stdout + json.stderr, name).not.toMatch(STEERING)
    const told = ON_STDERR.includes(name) || json.code !== 0 ? json.stdout + json.stderr : json.stdout
    expect(() => parsed(told), `${name}: ${told}`).not.toThrow()
    expect({ name, code: json.code }, json.stderr).toEqual({ name, code: CODES.get(name) ?? 0 })
    if (name === 'runs list') run = String(jsonLines(json.stdout)[0]?.['id'])
    if (name === 'warm') await folded()
    if (SHOWING.includes(name)) expect(text.stdout, name).toMatch(/(?:evil|gone)\\u/)
  }
})

test('patterns are told of a workspace that is neither configured nor a folder: a library or a trace may have named it', async () => {
  world.writeBeside({ 'other.csv': 'time_ms,workspace,session,path\n0,acme/elsewhere,one:lint,a.js\n' })
  await world.call('publish', 'other.csv', '--speed', 'max')
  const told = await world.call('patterns', '--workspace', 'acme/elsewhere')
  expect(told.stdout + told.stderr).toMatch(/acme\/elsewhere/)
  expect(told.stderr).not.toContain('nor a folder')
})

/** One object, or one a line. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return jsonLines(text)
  }
}

/** The published reads are in the model: whoever warms without `up` folds too, while it does. */
const folded = () =>
  eventually(
    async () => {
      await world.call('warm', '--workspace', 'shop', '--check', 'b.js')
      return (await world.call('model', 'dump', '--workspace', 'shop')).stdout
    },
    (dump) => dump.includes('evil'),
    { what: 'the hostile reads in the model' },
  )
