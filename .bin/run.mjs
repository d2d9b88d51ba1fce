#!/usr/bin/env node
// The one entry of every npm script that has to work from a bare clone: makes sure that the dependencies are installed
// (they bring Node 24), then runs the task on that Node. It runs on Node 18 and newer and imports only built-in modules.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const node = join(modules, '.bin', 'node')
const sourceFolders = ['src', 'consumers', 'producers']

const tasks = { install: async () => 0, test, build, start, node: runNode }

async function main([task, ...args]) {
  const run = Object.hasOwn(tasks, task ?? '') ? tasks[task] : undefined
  if (!run) {
    console.error(`usage: node .bin/run.mjs ${Object.keys(tasks).join('|')} [arguments]`)
    return 2
  }
  if (task === 'start') {
    // The image is built without the examples.
    const { understood } = await import('../examples/demo/options.mjs')
    const { answer, status } = understood(args)
    if (answer !== undefined) (status === 0 ? console.log : console.error)(answer)
    if (answer !== undefined) return status
  }
  await ensureInstalled()
  return run(args)
}

/** Runs the tests; the last line is `N passed, N failed`, which CI reads. Arguments go to vitest. */
async function test(args) {
  const folder = mkdtempSync(join(tmpdir(), 'forewarm-test-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  try {
    const vitest = [join(modules, 'vitest', 'vitest.mjs'), 'run', '--config', 'test/vitest.config.ts']
    const status = await runNode([...vitest, ...reporters, ...args])
    const { passed, failed, skipped } = countTests(report)
    // A run may fail beside its tests: a server that does not start, an error outside of any test.
    const failures = status !== 0 && failed === 0 ? 1 : failed
    console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return failures > 0 ? status || 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function countTests(report) {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 }
  const results = JSON.parse(readFileSync(report, 'utf8'))
  const brokenFiles = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((each) => each.status === 'failed'),
  )
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + brokenFiles.length,
    skipped: results.numPendingTests + results.numTodoTests,
  }
}

/** Compiles into dist/ and lays beside the code what it reads by relative addresses: schemas, scripts, other assets. */
async function build() {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const status = await runCommand(join(modules, '.bin', 'tsc'), ['-p', 'src/tsconfig.build.json'])
  if (status !== 0) return status
  cpSync(join(root, 'schemas'), join(root, 'dist', 'schemas'), { recursive: true })
  cpSync(join(root, 'package.json'), join(root, 'dist', 'package.json'))
  const page = await runNode([
    join(modules, 'vite', 'bin', 'vite.js'),
    'build',
    join('src', 'page'),
    '--logLevel',
    'warn',
  ])
  if (page !== 0) return page
  for (const asset of sourceFolders.flatMap(assetsOf)) cpSync(join(root, asset), join(root, 'dist', asset))
  return 0
}

function assetsOf(folder) {
  // The live page is bundled, not copied.
  if (!existsSync(join(root, folder)) || folder === join('src', 'page')) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return assetsOf(path)
    return /\.ts$|^tsconfig.*\.json$/.test(entry.name) ? [] : [path]
  })
}

/** Builds, then shows the main job on this repository; the demonstration starts `forewarm up` and leaves it running. */
async function start(args) {
  console.error('forewarm: building')
  const status = await build()
  return status === 0
    ? runNode(['--disable-warning=ExperimentalWarning', join('examples', 'demo', 'main.ts'), ...args])
    : status
}

function runNode(args) {
  return runCommand(node, args)
}

/** Installs what package-lock.json says unless it is there already; a changed lock installs anew. */
async function ensureInstalled() {
  if (isInstalled()) return
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink()) {
    throw new Error('node_modules is a link and does not match package-lock.json: install in the folder it points to')
  }
  console.error('forewarm: installing dependencies (npm ci)')
  // No package runs a script of its own when it is installed, but for the one that brings the binary of Node 24.
  const quietly = ['--no-audit', '--no-fund', '--loglevel=error']
  await npm(['ci', '--ignore-scripts', ...quietly])
  await npm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'])
  // An older Node leaves out optional packages that want a newer one: asked again, npm runs on the one just installed.
  if (!isInstalled()) await npm(['install', '--no-save', '--ignore-scripts', ...quietly])
  if (!isInstalled()) throw new Error('npm ci ended well, but node_modules does not match package-lock.json')
}

function isInstalled() {
  const installedLock = join(modules, '.package-lock.json')
  if (!existsSync(node) || !existsSync(installedLock)) return false
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  // Optional packages of development are those of other platforms: they may be absent.
  return Object.entries(wanted).every(([path, { version, optional, dev }]) => {
    return path === '' || installed[path]?.version === version || (optional && dev && !installed[path])
  })
}

async function npm(args) {
  const script = process.env.npm_execpath
  const [command, ...first] = script?.endsWith('.js') ? [existsSync(node) ? node : process.execPath, script] : ['npm']
  // Its output is no result of the task, so it goes to standard error.
  const status = await runCommand(command, [...first, ...args], ['ignore', 2, 2])
  if (status !== 0) throw new Error(`npm ${args[0]} failed with ${status}: see its message above`)
}

/** Runs a command in the clone's root with the installed Node first on the PATH; signals reach it, its status is ours. */
function runCommand(command, args, stdio = 'inherit') {
  const path = [join(modules, '.bin'), process.env.PATH].join(delimiter)
  const child = spawn(command, args, { cwd: root, stdio, env: { ...process.env, PATH: path } })
  // Ctrl-C reaches the child by itself, being in our group: wait for its end instead of leaving it behind.
  const ignore = () => {}
  const forward = () => child.kill('SIGTERM')
  process.on('SIGINT', ignore).on('SIGTERM', forward)
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`${command} cannot be started: ${cause.message}`)))
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143))
    })
  })
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status
  },
  (error) => {
    console.error(`forewarm: ${error.message}`)
    process.exitCode = 1
  },
)
