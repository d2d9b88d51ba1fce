import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { cliWorld } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { commitAll, runGit } from '../support/git-repository.ts'
import { cleanEnvironment, type ForewarmProcess } from '../support/process.ts'
import { repositoryRoot } from '../support/services/locations.ts'

const examples = join(repositoryRoot, 'examples/python')
const compiled = mkdtempSync(join(tmpdir(), 'forewarm-python-'))
const files = ['a.py', 'b.py', 'c.py']

const token = 'of the analyzer'.replaceAll(' ', '-')

/** Runs the example; -I keeps out everything but its own folder's module, -S everything but the standard library. */
function countLines(address: string, more: Readonly<Record<string, string>> = { GATEWAY_TOKEN: token }) {
  const program = `import sys, runpy; sys.path.insert(0, ${JSON.stringify(examples)}); runpy.run_path(sys.argv.pop(1))`
  const args = ['-I', '-S', '-X', `pycache_prefix=${compiled}`, '-c', program, join(examples, 'count_lines.py')]
  const options = { timeout: 60_000, env: { ...cleanEnvironment(), ...more } }
  return promisify(execFile)('python3', [...args, address, 'acme/shop', world.workspace], options)
}

const world = cliWorld()
let up: ForewarmProcess
let gateway = ''

beforeAll(async () => {
  world.write(Object.fromEntries(files.map((path, at) => [path, `${'# note\n'.repeat(at)}name = '${path}'\n`])))
  runGit(world.workspace, 'init', '-q')
  commitAll(world.workspace, 'first')
  const sha256 = sha256Hex(token)
  const tokens = { lines: { sha256, workspaces: ['acme/shop'], verbs: ['publish', 'read', 'fill'] } }
  // By frequencies alone: nothing is warmed in the first session, which is to miss.
  const predict = { predictor: 'models' }
  const workspaces = { 'acme/shop': { origin: { directory: 'shop' } } }
  world.writeBeside({ 'forewarm.yaml': JSON.stringify({ workspaces, gateway: { tokens }, predict }) })
  up = world.start('--config', 'forewarm.yaml', 'up')
  gateway = JSON.parse(await up.line(/the gateway listens/)).url
})

afterAll(async () => {
  await up.kill('SIGTERM')
  for (const folder of [world.folder, compiled]) rmSync(folder, { recursive: true, force: true })
})

describe('the analyzer in Python', () => {
  it('joins in ten lines', () => {
    const code = readFileSync(join(examples, 'count_lines.py'), 'utf8').replace(/^""".*"""$/m, '')
    expect(code.split('\n').filter((line) => line.trim() !== '')).toHaveLength(10)
  })

  it('fills the cache with what it reads, and finds it there the next time', async () => {
    expect((await countLines(gateway)).stdout).toBe("6 lines; reads: {'miss': 3}\n")
    expect((await countLines(gateway)).stdout).toBe("6 lines; reads: {'hit': 3}\n")
  })

  it('teaches which files are read together', async () => {
    const { stdout } = await eventually(
      () => world.run('--config', 'forewarm.yaml', 'patterns', '--workspace', 'acme/shop'),
      ({ stdout }) => files.every((path) => stdout.includes(path)),
      { what: 'its files among the patterns', withinMs: 60_000, everyMs: 500 },
    )
    expect(stdout).toContain('b.py')
  })

  it('gains from a warm of a new revision', async () => {
    world.write({ 'a.py': '# anew\n' })
    commitAll(world.workspace, 'second')
    const warm = await world.run('--config', 'forewarm.yaml', 'warm', '--workspace', 'acme/shop', 'a.py')
    expect(warm).toMatchObject({ code: 0 })
    expect((await countLines(gateway)).stdout).toBe("6 lines; reads: {'warmHit': 1, 'hit': 2}\n")
  })

  it('reads on from the checkout when the gateway is away', async () => {
    const { stdout, stderr } = await countLines('http://127.0.0.1:1')
    expect(stdout).toBe("6 lines; reads: {'unknown': 3}\n")
    expect(stderr).toMatch(/^forewarm: no answer from the gateway, reading without it: .*refused\n$/)
  })

  it('reads files of any name, and neither links nor submodules', async () => {
    world.write({ 'x/ünï "q" \n.py': '# one\n' })
    writeFileSync(Buffer.concat([Buffer.from(`${world.workspace}/`), Buffer.from([0xff, 0xfe])]), '# two\n')
    symlinkSync('/etc/passwd', join(world.workspace, 'link.py'))
    const module = join(world.workspace, 'module')
    mkdirSync(module)
    runGit(module, 'init', '-q')
    commitAll(module, 'of the submodule')
    commitAll(world.workspace, 'third')
    expect((await countLines(gateway)).stdout).toMatch(/^8 lines; reads: \{'hit': 3, 'miss': 1\}\n$/)
  })

  it('says once when the gateway refuses it, and reads on', async () => {
    const { stdout, stderr } = await countLines(gateway, {})
    expect(stdout).toBe("8 lines; reads: {'unknown': 4}\n")
    expect(stderr.match(/GET was answered with 401: .*FW_UNAUTHORIZED/g)).toHaveLength(1)
  })
})
