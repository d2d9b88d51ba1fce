import { spawn } from 'node:child_process'

/** Runs a program on this input and answers with its output; rejects with its complaints where it fails. */
export async function runOn(input: string, command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: 'pipe' })
  child.stdin.end(input)
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
  ])
  if ((await closed) !== 0) throw new Error(err.join(''))
  return out.join('')
}
