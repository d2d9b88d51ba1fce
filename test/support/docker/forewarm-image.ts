/** Builds the project's own image with the engine that answers, as deploy/compose.yaml names it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeServices } from '../compose.ts'
import { runCommand } from '../services/command.ts'

const mend = 'see what the build says'

/** Name of the image that was built. */
export async function buildForewarmImage(): Promise<string> {
  const image = composeServices().get('ingest')?.image ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-image-'))
  try {
    const secrets = await npmSecrets(folder)
    // The engine that engine.sh starts has no way out but the host's network.
    const args = ['build', '--network', 'host', '--file', 'deploy/Dockerfile', '--tag', image, ...secrets, '.']
    await runCommand('docker', args, { env: { DOCKER_BUILDKIT: '1' }, mend })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return image
}

/** How npm reaches its registry on this machine, as secrets of the build: nothing of it stays in the image. */
async function npmSecrets(folder: string): Promise<readonly string[]> {
  const [registry = '', cafile = 'null'] = await Promise.all(['registry', 'cafile'].map(npmSetting))
  const npmrc = join(folder, 'npmrc')
  const lines = [`registry=${registry}`, ...(cafile === 'null' ? [] : ['cafile=/run/secrets/npm-ca'])]
  await writeFile(npmrc, `${lines.join('\n')}\n`, { mode: 0o600 })
  const secrets = [`id=npmrc,src=${npmrc}`, ...(cafile === 'null' ? [] : [`id=npm-ca,src=${cafile}`])]
  return secrets.flatMap((secret) => ['--secret', secret])
}

const npmSetting = async (name: string): Promise<string> =>
  (await runCommand('npm', ['config', 'get', name], { mend: 'install npm' })).trim()
