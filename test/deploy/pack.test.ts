/** What `npm publish` would send, installed as a user does. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const BUILT_FROM = [
  '.bin',
  'docs',
  'src',
  'schemas',
  'consumers',
  'producers',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]
const SHIPPED = ['LICENSE', 'README.md', 'CHANGELOG.md']
const BYTES_MAX = 3_000_000

type Pack = { readonly filename: string; readonly size: number; readonly files: readonly { readonly path: string }[] }

const npm = (cwd: string, args: readonly string[]): string =>
  execFileSync('npm', [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Builds a copy, so that nobody's dist is replaced while others use it. */
function packed(folder: string): Pack {
  for (const name of [...BUILT_FROM, ...SHIPPED]) cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(realpathSync(join(root, 'node_modules')), join(folder, 'node_modules'))
  execFileSync(process.execPath, ['.bin/run.mjs', 'build'], { cwd: folder, stdio: 'pipe' })
  // Newer versions of npm answer by the name of the package, older ones with a list.
  const [pack] = Object.values(JSON.parse(npm(folder, ['pack', '--json', '--ignore-scripts'])) as Record<string, Pack>)
  if (pack === undefined) throw new Error('npm pack has packed nothing')
  return pack
}

test('the package holds only what is needed, and works in an empty project', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'forewarm-pack-'))
  onTestFinished(() => rmSync(folder, { recursive: true }), 60_000)
  const clone = join(folder, 'clone')
  const project = join(folder, 'project')
  mkdirSync(clone)
  mkdirSync(project)
  const { filename, size, files } = packed(clone)
  // The command line sends whoever meets an error to a page of docs.
  const top = ['package.json', 'docs/errors.md', 'docs/configuration.md', ...SHIPPED]
  const paths = files.map(({ path }) => path)
  const stray = paths.filter((path) => !/^(?:dist|schemas)\/|^docs\/[\w-]+\.md$/.test(path) && !top.includes(path))
  expect(stray).toEqual([])
  expect(top.filter((path) => !paths.includes(path))).toEqual([])
  // Types come as declarations; sources, tests and what compilers note stay at home.
  expect(paths.filter((path) => /(?<!\.d)\.ts$|\.test\.|\.tsbuildinfo$|tsconfig|\.env/.test(path))).toEqual([])
  expect(size).toBeLessThan(BYTES_MAX)

  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  npm(project, [
    'install',
    '--omit=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    join(clone, filename),
  ])
  writeFileSync(
    join(project, 'main.js'),
    `
     import { openForewarm } from 'forewarm'
     const forewarm = await openForewarm({ workspace: 'a/b', origin: import.meta.dirname })
     const session = forewarm.reader.session({ analyzer: 'test', revision: null })
     console.log(new TextDecoder().decode(await session.read('package.json')))
     session.end()
     await forewarm.close()`,
  )
  const environment = { PATH: process.env['PATH'], HOME: project }
  const run = (args: readonly string[]): string =>
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      ...{ cwd: project, encoding: 'utf8', env: environment },
    })
  expect(JSON.parse(run(['main.js']))).toMatchObject({ name: 'user' })
  expect(readdirSync(join(project, 'node_modules', '.bin'))).toContain('forewarm')
  const command = join('node_modules', '.bin', 'forewarm')
  expect(run([command, '--help'])).toContain('Usage: forewarm')
  const withTelemetry = { ...environment, FOREWARM_TELEMETRY__ENABLED: 'true' }
  expect(
    spawnSync(process.execPath, [command, 'up'], { cwd: project, encoding: 'utf8', env: withTelemetry }),
  ).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('telemetry needs packages that were left out when forewarm was installed'),
  })
})
