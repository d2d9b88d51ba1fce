import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { buildForewarmImage } from '../support/docker/forewarm-image.ts'
import { runCommand } from '../support/services/command.ts'

const mend = 'see what it says'
const docker = (...args: readonly string[]): Promise<string> => runCommand('docker', args, { mend })

let image = ''
beforeAll(async () => {
  image = await buildForewarmImage()
})

describe('the image', () => {
  const locked = ['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']
  const run = (...args: readonly string[]): Promise<string> => docker('run', '--rm', ...locked, image, ...args)
  const evaluate = async (code: string): Promise<unknown> => {
    const printed = `console.log(JSON.stringify(${code}))`
    return JSON.parse(await docker('run', '--rm', ...locked, '--entrypoint', 'node', image, '-e', printed))
  }

  it('runs without rights, without network and with nothing to write', async () => {
    expect(await run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(parse(await run('config', 'print'))).toMatchObject({ mode: 'embedded', health: { host: '0.0.0.0' } })
  })

  it('is nobody in particular, and owns none of its code', async () => {
    expect(await evaluate('[process.getuid(), process.getgid(), fs.statSync("/app/dist").uid]')).toEqual([
      10_001, 10_001, 0,
    ])
  })

  it('holds what runs and nothing else', async () => {
    expect(await evaluate('fs.readdirSync("/app").sort()')).toEqual([
      'LICENSE',
      'dist',
      'healthcheck.mjs',
      'node_modules',
    ])
    expect(
      await evaluate('["typescript", "vitest", "node"].filter((name) => fs.existsSync("/app/node_modules/" + name))'),
    ).toEqual([])
  })

  it('reads files out of a git repository that belongs to somebody else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'forewarm-image-git-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'a.ts'), 'export const a = 1\n')
    const git = (...args: readonly string[]) => runCommand('git', ['-C', folder, ...args], { mend: 'install git' })
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '.')
    await git('-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '--quiet', '--message=first')
    const workspaces = JSON.stringify({ web: { origin: { git: { repository: '/repository', revision: 'main' } } } })
    const mounts = ['--tmpfs', '/tmp', '--volume', '/data', '--volume', `${folder}:/repository:ro`]
    const options = ['--rm', ...locked, ...mounts, '--env', `FOREWARM_WORKSPACES=${workspaces}`]
    const told = await docker('run', ...options, image, 'warm', '--workspace', 'web', '--json', '*.ts')
    const last: unknown = JSON.parse(told.trim().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ type: 'ended', state: 'complete', counts: [{ outcome: 'warmed', files: 1 }] })
  })

  it('keeps nothing of how the builder reaches its package registry', async () => {
    const told = await docker('image', 'inspect', image)
    const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image)
    const registry = new URL((await runCommand('npm', ['config', 'get', 'registry'], { mend })).trim()).host
    expect(`${told}${history}`).not.toContain(registry)
    expect(await evaluate('fs.existsSync("/run/secrets")')).toBe(false)
  })

  it('says that it is not well when nothing answers in it', async () => {
    const check = docker('run', '--rm', ...locked, '--entrypoint', 'node', image, '/app/healthcheck.mjs', 'livez')
    await expect(check).rejects.toThrow('nothing answers at port 8788')
  })
})
