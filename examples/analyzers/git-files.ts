import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export type GitFile = {
  readonly path: string
  /** Git blob id: what the reader names as the version that it wants. */
  readonly version: string
}

const REGULAR = /^100(?:644|755) (\S+) \d\t(.+)$/s
const OUTPUT_BYTES_MAX = 256 * 1_048_576

/** The committed files of a checkout with their versions; links and submodules are none. */
export async function gitFiles(checkout: string): Promise<readonly GitFile[]> {
  const listing = await git(checkout, 'ls-files', '--stage', '-z')
  return listing.split('\0').flatMap((entry) => {
    const [, version, path] = REGULAR.exec(entry) ?? []
    return version === undefined || path === undefined ? [] : [{ path, version }]
  })
}

export const gitRevision = async (checkout: string): Promise<string> =>
  (await git(checkout, 'rev-parse', 'HEAD')).trim()

async function git(checkout: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', args, { cwd: checkout, maxBuffer: OUTPUT_BYTES_MAX })
  return stdout
}
