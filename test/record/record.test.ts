import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canStrace } from '../../src/adapters/recorder/run-recorded.ts'
import { readTraceRows } from '../../src/adapters/trace/trace-rows.ts'
import type { AccessEvent } from '../../src/model/access.ts'

const cli = join(import.meta.dirname, 'fixture-cli.ts')
const hasStrace = await canStrace()
let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'forewarm-workspace-'))
  for (const folder of ['.git', 'src', 'node_modules/dep']) await mkdir(join(root, folder), { recursive: true })
  await writeFile(join(root, '.git/HEAD'), 'ref: refs/heads/main\n')
  await writeFile(join(root, 'src/a.js'), 'exports.a = 1\n')
  await writeFile(join(root, 'src/ünï <1>, "x".txt'), 'text\n')
  await writeFile(join(root, 'package.json'), '{"type":"commonjs"}')
  await writeFile(join(root, 'node_modules/dep/package.json'), '{"type":"module"}')
  await writeFile(join(root, 'node_modules/dep/index.js'), 'export const dep = 2\n')
  await symlink('a.js', join(root, 'src/link.js'))
  await writeFile(
    join(root, 'read.mjs'),
    `import { createReadStream, promises, readFileSync, readFile, writeFileSync } from 'node:fs'
     import { createRequire } from 'node:module'
     import { dep } from './node_modules/dep/index.js'
     import { once } from 'node:events'
     readFileSync('src/a.js', 'utf8')
     await promises.readFile('src/ünï <1>, "x".txt')
     await new Promise((done) => readFile('.git/HEAD', done))
     await once(createReadStream(new URL('./src/link.js', import.meta.url)).resume(), 'close')
     createRequire(import.meta.url)('./src/a.js')
     writeFileSync('written.txt', 'x')
     try { readFileSync('absent.txt') } catch {}
     console.log('out', dep); console.error('err')
     process.exitCode = 3`,
  )
  await writeFile(
    join(root, 'wait.mjs'),
    `import { readFileSync } from 'node:fs'
     readFileSync('src/a.js')
     process.on('SIGINT', () => { console.log('got it'); process.exit(42) })
     console.log('ready'); setInterval(() => {}, 1000)`,
  )
})
afterAll(() => rm(root, { recursive: true }))

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    output.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.err += chunk
  })
  const end = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
  return { child, end, output }
}

const record = (args: readonly string[], command: readonly string[]) =>
  start(['record', '--root', root, '--workspace', 'shop', ...args, '--', ...command])

/** What the log in memory held at the end. */
const eventsOf = (stderr: string): AccessEvent[] =>
  [...stderr.matchAll(/^event (.*)$/gm)].map(([, json = '']) => JSON.parse(json).value)

async function pathsOf(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  expect(lines[0]).toBe('time_ms,workspace,session,path')
  return lines.slice(1).map((line) => line.split(',').slice(3).join(','))
}

const methods = hasStrace ? (['strace', 'node'] as const) : (['node'] as const)

describe.each(methods)('forewarm record by %s', (method) => {
  it('writes the reads of a Node program in order and passes its output and exit code through', async () => {
    const out = join(root, `${method}.csv`)
    const began = Date.now()
    const end = await record(['-o', out, '--method', method, '--session', 's1'], ['node', 'read.mjs']).end
    expect([end.code, end.signal, end.out, end.err]).toEqual([3, null, 'out 2\n', 'err\n'])
    const paths = await pathsOf(out)
    const reads = ['src/a.js', '"src/ünï <1>, ""x"".txt"', 'src/a.js', 'src/a.js']
    expect(paths.filter((path) => reads.includes(path))).toEqual(reads)
    expect(paths).toContain('read.mjs')
    expect(paths).toContain('node_modules/dep/index.js')
    expect(paths.filter((path) => /git|written|absent/.test(path))).toEqual([])
    const [, first = ''] = (await readFile(out, 'utf8')).split('\n')
    const [time, workspace, session] = first.split(',')
    expect([workspace, session]).toEqual(['shop', 's1'])
    expect(Number(time)).toBeGreaterThanOrEqual(began)
    expect(Number(time)).toBeLessThanOrEqual(Date.now())
  })

  it('hands an interrupt on to the command, whose own way of ending it takes', async () => {
    const out = join(root, `${method}-int.csv`)
    const { child, end, output } = record(['-o', out, '--method', method], ['node', 'wait.mjs'])
    await new Promise<void>((resolve) => child.stdout.on('data', () => output.out.includes('ready') && resolve()))
    child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 42, out: 'ready\ngot it\n' })
    expect(await pathsOf(out)).toContain('src/a.js')
  })

  it('dies of the signal that the command dies of', async () => {
    const out = join(root, `${method}-term.csv`)
    const command = [
      process.execPath,
      '-e',
      'require("fs").readFileSync("src/a.js"); process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    ]
    expect(await record(['-o', out, '--method', method], command).end).toMatchObject({ code: null, signal: 'SIGTERM' })
    expect(await pathsOf(out)).toContain('src/a.js')
  })

  it('publishes what was read, with the end of the session', async () => {
    const args = ['--method', method, '--session', 'shop:1:lint', '--analyzer', 'lint', '--revision', 'r9', '--summary']
    const { err, code } = await record(args, ['node', '-e', 'require("fs").readFileSync("src/a.js")']).end
    expect(code).toBe(0)
    const events = eventsOf(err)
    const name = { workspace: 'shop', session: 'shop:1:lint', analyzer: 'lint', revision: 'r9' }
    expect(events).toEqual(events.map(() => expect.objectContaining(name)))
    expect(events.flatMap(({ accesses }) => accesses.map(({ path }) => path))).toEqual(['src/a.js'])
    expect(events.at(-1)?.sessionEnded).toBe(true)
    expect(err).toContain(`1 read of 1 file by ${method}; 1 published`)
  })

  it('says so when none of the workspace was read', async () => {
    const { err } = await record(['--root', join(root, 'src'), '--method', method], ['node', '-e', '0']).end
    expect(err).toContain(`forewarm: no file below ${join(root, 'src')} was read: --root names another workspace`)
  })

  it('gives the command its standard input', async () => {
    const { child, end } = record(['-o', join(root, 'in.csv'), '--method', method], ['cat'])
    child.stdin.end('typed')
    expect(await end).toMatchObject({ code: 0, out: 'typed' })
  })
})

describe.runIf(hasStrace)('forewarm record by strace', () => {
  it('sees any program and its children, each opening with its time', async () => {
    const out = join(root, 'sh.csv.gz')
    const script = 'cat src/a.js src/link.js; (cat src/*.txt); head -c1 < read.mjs; ls src >/dev/null; exit 7'
    const end = await record(['-o', out], ['sh', '-c', script]).end
    expect(end).toMatchObject({ code: 7, out: 'exports.a = 1\nexports.a = 1\ntext\ni' })
    const paths: string[] = []
    for await (const { path } of readTraceRows(out)) paths.push(path)
    expect(paths).toEqual(['src/a.js', 'src/a.js', 'src/ünï <1>, "x".txt', 'read.mjs'])
  })

  it('says so when there is no such command', async () => {
    const end = await record(['-o', join(root, 'none.csv')], ['no-such-command']).end
    expect(end.code).toBe(127)
    expect(end.err).toContain('no-such-command')
  })
})

describe('forewarm record', () => {
  it.each([
    ['a file that cannot be written', ['--out', '/not/there/trace.csv'], '/not/there/trace.csv cannot be written'],
    ['a workspace that is not there', ['--root', '/not/there'], 'there is no folder /not/there'],
  ])('refuses %s before it runs the command', async (_, flags, problem) => {
    const { out, err, code } = await record(flags, ['echo', 'ran']).end
    expect({ out, code }).toEqual({ out: '', code: 1 })
    expect(err).toContain(problem)
  })
})

describe('forewarm record and publish', () => {
  it('publish what was recorded, whole and in order, moved to now', async () => {
    const out = join(root, 'trip.csv')
    await record(['-o', out, '--method', 'node', '--session', 'shop:1:node'], ['node', 'read.mjs']).end
    const began = Date.now()
    const { err } = await start(['publish', out, '--speed', 'max', '--workspace', 'other']).end
    const events = eventsOf(err)
    const published = events.flatMap(({ accesses }) => accesses.map(({ path }) => path))
    const recorded = (await pathsOf(out)).map((cell) => cell.replace(/^"|"$/g, '').replaceAll('""', '"'))
    expect(published).toEqual(recorded)
    expect(events.map(({ workspace, analyzer }) => `${workspace} ${analyzer}`)).toEqual(events.map(() => 'other node'))
    expect(events.at(-1)?.sessionEnded).toBe(true)
    expect(events.at(-1)?.accesses.at(-1)?.timeMs).toBeGreaterThanOrEqual(began)
    expect(err).toContain(`${recorded.length} reads of 1 session published`)
  })
})
