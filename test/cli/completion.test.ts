import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cliWorld } from '../support/cli.ts'

const world = cliWorld()

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout } = await world.call('completion', shell)
  expect(code).toBe(0)
  const file = join(world.folder, `completion.${shell}`)
  writeFileSync(file, stdout)
  return file
}

/** What a shell says to a program of its own. */
function ask(shell: string, args: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(shell, args, { encoding: 'utf8', cwd: world.folder })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter((line) => line !== '')
}

const isHere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0

const cases: readonly (readonly [line: readonly string[], expected: readonly string[]])[] = [
  [['do'], ['doctor']],
  [['runs', 're'], ['retry']],
  [['--config', 'x.yaml', 'doctor', '--j'], ['--json']],
  [['doctor', '--role', 'in'], ['ingest']],
  [['doctor', '-r', 'in'], ['ingest']],
  [['completion', 'f'], ['fish']],
]

describe.runIf(isHere('bash'))('bash', () => {
  test('completes commands, options and their choices', { timeout: 60_000 }, async () => {
    const file = await scriptFor('bash')
    for (const [line, expected] of cases) {
      const words = ['forewarm', ...line].map((word) => `'${word}'`).join(' ')
      const program = `source ${file}; COMP_WORDS=(${words}); COMP_CWORD=${line.length}; _forewarm; printf '%s\\n' "\${COMPREPLY[@]}"`
      expect(ask('bash', ['-c', program])).toEqual(expected)
    }
  })
})

describe.runIf(isHere('fish'))('fish (not run where there is none)', () => {
  test('completes the same', { timeout: 60_000 }, async () => {
    const file = await scriptFor('fish')
    for (const [line, expected] of cases) {
      const program = `source ${file}; complete -C '${['forewarm', ...line].join(' ')}'`
      const found = ask('fish', ['--no-config', '-c', program]).map((each) => each.split('\t')[0])
      expect(found).toEqual(expected)
    }
  })
})

describe.runIf(isHere('zsh'))('zsh (not run where there is none)', () => {
  test('takes the script', { timeout: 60_000 }, async () => {
    const file = await scriptFor('zsh')
    expect(ask('zsh', ['-f', '-c', `source ${file}; print -r -- \${_comps[forewarm]}`])[0]).toContain('_forewarm')
  })
})
