import { beforeAll, describe, expect, it } from 'vitest'
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

  it('keeps nothing of how the builder reaches its package registry', async () => {
    const told = await docker('image', 'inspect', image)
    const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image)
    const registry = new URL((await runCommand('npm', ['config', 'get', 'registry'], { mend })).trim()).host
    expect(`${told}${history}`).not.toContain(registry)
    expect(await evaluate('fs.existsSync("/run/secrets")')).toBe(false)
  })

  it('says that it is not well when nothing answers in it', async () => {
    const check = docker('run', '--rm', ...locked, '--entrypoint', 'node', image, '/app/healthcheck.mjs', 'livez')
    await expect(check).rejects.toThrow('nothing answers at ports 8788, 8787')
  })
})
