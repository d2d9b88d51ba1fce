import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliWorld, jsonLines } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { slowdown } from '../support/slowdown.ts'

/** Real processes on a machine that others use too. */
const SLOW_MS = 300_000

const filesOf = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`src/m${at}.ts`, `export const m${at} = '${'x'.repeat(400)}'\n`]),
  )
const files = filesOf(120)

/** At most five files of `files` a second. */
const TRICKLE = `
strategies:
  trickle: {priorityFiles: ['src/**'], bytesPerSecondMax: 2200, parallelWorkers: 1, batchSize: 1, predictivePrefetch: false}
`

const last = <Item>(items: readonly Item[]): Item | undefined => items[items.length - 1]

test(
  'warms a folder that no settings name, verified file by file; a second run finds all of it there',
  async () => {
    const { write, run } = cliWorld()
    write(files)
    const first = await run('warm', '--workspace', 'shop', '--strategy', 'production', '--json')
    expect(first.code).toBe(0)
    const lines = jsonLines(first.stdout)
    expect(last(lines)).toMatchObject({
      ...{ type: 'ended', state: 'complete', files: 120, verified: 120, percent: 100, workspace: 'shop' },
      counts: [{ outcome: 'warmed', detail: '', files: 120 }],
    })
    const shown = lines.filter(({ type }) => type === 'progress').map(({ percent }) => Number(percent))
    expect(shown.length).toBeGreaterThan(0)
    expect(Math.max(...shown)).toBeLessThan(100)

    const second = await run('warm', '--workspace', 'shop', '--strategy', 'production')
    expect(second).toMatchObject({ code: 0 })
    expect(second.stdout).toContain('complete: 120 of 120 files in the cache, 120 verified')
    expect(second.stdout).toContain('120 already warm')
    expect(second.stderr).toMatch(/^forewarm: \d+ %: /m)
    expect(second.stderr).not.toContain('100 %')

    const { stdout } = await run('runs', 'list', '--workspace', 'shop', '--json')
    expect(jsonLines(stdout).map(({ state, counts }) => ({ state, counts }))).toMatchObject([
      { state: 'complete', counts: [{ outcome: 'present', files: 120 }] },
      { state: 'complete', counts: [{ outcome: 'warmed', files: 120 }] },
    ])
  },
  SLOW_MS,
)

test(
  'a run that misses files ends partial with a true list, and retry takes only what failed',
  async () => {
    const { write, run, call } = cliWorld()
    write({ 'a.ts': 'a', 'b.ts': 'b' })
    const first = await run('warm', '--workspace', 'shop', 'a.ts', 'gone.ts', 'b.ts')
    expect(first.code).toBe(3)
    expect(first.stdout).toContain('partial: 2 of 3 files in the cache, 2 verified')
    expect(first.stdout).toContain('not found  gone.ts  (request)')
    const [, id = ''] = /run +(\S+)/.exec(first.stdout) ?? []

    write({ 'gone.ts': 'now it is there' })
    const retried = await call('runs', 'retry', id, '--workspace', 'shop', '--json')
    expect(retried.code).toBe(0)
    expect(last(jsonLines(retried.stdout))).toMatchObject({
      ...{ state: 'complete', files: 1, verified: 1 },
      counts: [{ outcome: 'warmed', files: 1 }],
    })
    const shown = await call('runs', 'show', id, '--workspace', 'shop')
    expect(shown.stdout).toContain('not found  gone.ts  (request)')
    expect(await call('runs', 'show', 'nonesuch', '--workspace', 'shop')).toMatchObject({ code: 1 })
  },
  SLOW_MS,
)

test(
  '--check warms nothing and says what is cold; --dry-run prints the plan with reasons and leaves no run',
  async () => {
    const { write, call, writeBeside } = cliWorld()
    write({ 'src/a.ts': 'a', 'src/b.ts': 'b', 'other.ts': 'c' })
    writeBeside({ 'list.txt': 'src/a.ts\n\nother.ts\n' })
    const plan = await call('warm', '--workspace', 'shop', '--dry-run', 'src/', '@list.txt')
    expect(plan.code).toBe(0)
    expect(plan.stdout.split('\n').slice(0, -1).sort()).toEqual([
      '3 files planned; nothing was warmed',
      'other.ts  (request)',
      'src/a.ts  (request)',
      'src/b.ts  (glob)',
    ])
    expect((await call('runs', 'list', '--workspace', 'shop')).stdout).toBe('no runs of shop\n')

    expect((await call('warm', '--workspace', 'shop', 'src/a.ts')).code).toBe(0)
    const checked = await call('warm', '--workspace', 'shop', '--check', 'src')
    expect(checked.code).toBe(3)
    expect(checked.stdout).toContain('1 of 2 files in the cache')
    expect(checked.stdout).toContain('not in the cache  src/b.ts')
    const again = await call('warm', '--workspace', 'shop', '--check', 'src/b.ts')
    expect(again.code).toBe(3)

    const explained = await call('explain', 'src/b.ts', '--workspace', 'shop')
    expect(explained.stdout).toContain("src/b.ts in shop: not in the cache; a worker's last word: looked for, cold")
    expect((await call('explain', 'src/a.ts', '--workspace', 'shop')).stdout).toContain('it is in the cache (content)')
  },
  SLOW_MS,
)

test(
  'Ctrl-C cancels the run, waits for its end and says what was done',
  async () => {
    const { write, writeBeside, start, call } = cliWorld()
    write(files)
    writeBeside({ 'slow.yaml': TRICKLE })
    const child = start('warm', '--workspace', 'shop', '--strategy', 'slow.yaml', '--json')
    await child.line(/"outcome":"warmed"/)
    expect(await child.kill('SIGINT')).toEqual({ code: 130, signal: null })
    const lines = jsonLines(child.stdout())
    expect(lines.some(({ type, text }) => type === 'note' && String(text).startsWith('cancelling'))).toBe(true)
    const ended = last(lines)
    expect(ended).toMatchObject({ type: 'ended', state: 'cancelled', files: 120 })
    const counts = ended?.['counts'] as readonly { outcome: string; detail: string; files: number }[]
    expect(counts.reduce((sum, one) => sum + one.files, 0)).toBe(120)
    expect(counts.map(({ outcome, detail }) => ({ outcome, detail }))).toEqual([
      { outcome: 'skipped', detail: 'cancelled' },
      { outcome: 'warmed', detail: '' },
    ])
    const { stdout } = await call('runs', 'list', '--workspace', 'shop')
    expect(stdout).toContain('cancelled')
  },
  SLOW_MS,
)

test(
  'runs cancel ends a run that another process waits for',
  async () => {
    const { write, writeBeside, start, call } = cliWorld()
    write(files)
    writeBeside({ 'slow.yaml': TRICKLE })
    const child = start('warm', '--workspace', 'shop', '--strategy', 'slow.yaml', '--json')
    const { id } = JSON.parse(await child.line(/"outcome":"warmed"/))
    expect(await call('runs', 'cancel', id, '--workspace', 'shop')).toMatchObject({ code: 0 })
    expect(await child.exit()).toEqual({ code: 130, signal: null })
    const again = await call('runs', 'cancel', id, '--workspace', 'shop')
    expect(again.stdout).toBe('the run has ended already: cancelled\n')

    const killed = start('warm', '--workspace', 'shop', '--strategy', 'slow.yaml', '--json')
    const left = JSON.parse(await killed.line(/"outcome":"warmed"/))
    await killed.kill()
    const { stderr } = await call('runs', 'cancel', left.id, '--workspace', 'shop')
    expect(stderr).toContain('it ends once `forewarm up`, or another run, works on the file')
  },
  SLOW_MS,
)

test(
  'a run that does not end in its time is timed out, soon after it',
  async () => {
    const { write, writeBeside, run } = cliWorld()
    // Two minutes of them at that rate.
    write(filesOf(600))
    writeBeside({ 'slow.yaml': TRICKLE })
    // Enough to plan in, on a busy machine too.
    const timeoutMs = Math.round(5_000 * slowdown())
    const args = ['--strategy', 'slow.yaml#trickle', '--timeout', `${timeoutMs}ms`, '--json']
    const timed = await run('warm', '--workspace', 'shop', ...args)
    expect(timed.code).toBe(4)
    const ended = last(jsonLines(timed.stdout))
    expect(ended).toMatchObject({ type: 'ended', state: 'timedOut', files: 600 })
    expect(Number(ended?.['tookMs'])).toBeLessThan(timeoutMs + 55_000)
  },
  SLOW_MS,
)

test(
  '--changed-since warms what git says has changed',
  async () => {
    const { write, workspace, call } = cliWorld()
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: workspace })
    write({ 'a.ts': 'a', 'b.ts': 'b' })
    git('init', '-q', '-b', 'main')
    git('add', '.')
    git('commit', '-q', '-m', 'one')
    write({ 'b.ts': 'changed', 'c.ts': 'new' })
    const { code, stdout } = await call('warm', '--workspace', 'shop', '--changed-since', 'main', '--timeout', '60s')
    expect(code).toBe(0)
    expect(stdout).toContain('complete: 2 of 2 files')
    expect(stdout).toContain('strategy ci')
    write({ '.gitignore': 'dist/\n', 'dist/out.js': 'made', '.forewarm/x': 'ours' })
    const planned = async (path: string) => {
      const plan = await call('warm', '--workspace', 'shop', '--dry-run', '--json', path)
      return jsonLines(plan.stdout).map((entry) => entry['path'])
    }
    expect(await planned('**')).toEqual(['.gitignore', 'a.ts', 'b.ts', 'c.ts'])
    expect(await planned('dist/')).toEqual(['dist/out.js'])
    const unknown = await call('warm', '--workspace', 'shop', '--changed-since', 'nonesuch')
    expect(unknown.code).toBe(1)
    expect(unknown.stdout).toContain('nonesuch')
  },
  SLOW_MS,
)

test(
  'works through a running forewarm up, and two at once on one file both end; pause stops both ways',
  async () => {
    const { write, writeBeside, start, run, call } = cliWorld()
    write(files)
    const [one, two] = await Promise.all([
      run('warm', '--workspace', 'shop', 'src/m1.ts', 'src/m2.ts'),
      run('warm', '--workspace', 'shop', 'src/'),
    ])
    expect([one.code, two.code]).toEqual([0, 0])
    writeBeside({ 'settings.yaml': 'workspaces: {shop: {origin: {directory: shop}, onPush: ci}}\n' })
    const up = start('--config', 'settings.yaml', 'up')
    const { url } = JSON.parse(await up.line(/the gateway listens/))
    await up.line(/"msg":"running"/)
    const through = await call('--config', 'settings.yaml', 'warm', '--workspace', 'shop', 'src/m3.ts')
    expect(through.code).toBe(0)
    const posted = await fetch(`${url}/v1/workspaces/shop/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ kind: 'push', revision: 'c0ffee', before: 'HEAD' },
        changes: [
          { path: 'src/m5.ts', timeMs: Date.now(), version: null },
          { path: 'src/m6.ts', timeMs: Date.now(), version: 'v' },
        ],
      }),
    })
    expect(await posted.json()).toEqual({ id: 'push/c0ffee', why: '' })
    const pushed = () => fetch(`${url}/v1/workspaces/shop/runs/push%2Fc0ffee`).then((answer) => answer.json())
    const ended = await eventually(pushed, (seen) => Boolean((seen as { endedAtMs?: number }).endedAtMs), {
      what: 'the end of the run that the push asked for',
    })
    // The folder is no git repository: what `ci` says of changed files cannot be found.
    expect(ended).toMatchObject({
      strategy: 'ci',
      state: 'failed',
      why: expect.stringContaining('FW_ORIGIN_NO_HISTORY'),
    })
    expect((await call('--config', 'settings.yaml', 'pause', '--workspace', 'shop')).stdout).toContain(
      'shop is paused by',
    )
    const paused = await call('--config', 'settings.yaml', 'warm', '--workspace', 'shop', 'src/m4.ts')
    expect(paused.code).toBe(1)
    expect(paused.stdout).toContain('paused')
    expect((await call('--config', 'settings.yaml', 'resume', '--workspace', 'shop')).stdout).toBe(
      'nothing is paused\n',
    )
    expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  },
  2 * SLOW_MS,
)

test(
  'wrong arguments end with 2 and say the mend',
  async () => {
    const { write, writeBeside, workspace, run, call } = cliWorld()
    write({ 'a.ts': 'a' })
    writeBeside({ 'bad.yaml': 'strategies:\n  mine: {batchsize: 3}\n' })
    const [strategy, folder, field, path, time, long] = [
      await run('warm', '--workspace', 'shop', '--strategy', 'producton'),
      await call('warm', '--workspace', 'nowhere'),
      await call('warm', '--workspace', 'shop', '--strategy', 'bad.yaml'),
      await call('warm', '--workspace', 'shop', '../secrets'),
      await call('warm', '--workspace', 'shop', '--timeout', 'soon'),
      await call('warm', '--workspace', 'shop', '--timeout', '9999999h'),
    ]
    const said = [strategy, folder, field, path, time, long].map(({ code, stderr }) => ({ code, stderr }))
    expect(said).toEqual([
      { code: 2, stderr: expect.stringContaining('did you mean production?') },
      { code: 2, stderr: expect.stringContaining('neither a configured workspace nor a folder') },
      { code: 2, stderr: expect.stringContaining('bad.yaml:2:10: unknown setting strategies.mine.batchsize') },
      { code: 2, stderr: expect.stringContaining('segment') },
      { code: 2, stderr: expect.stringContaining('a time with its unit') },
      { code: 2, stderr: expect.stringContaining('at most a year') },
    ])
    rmSync(join(workspace, 'a.ts'))
  },
  SLOW_MS,
)
