import { expect, test } from 'vitest'
import { spawnForewarm } from '../support/process.ts'

async function help(...command: readonly string[]) {
  const child = spawnForewarm([...command, '--help'])
  const { code } = await child.exit()
  return { command: command.join(' '), code, page: child.stdout() }
}

/** Names of the commands that a help page lists. */
const commandsOf = (page: string): readonly string[] =>
  [...(page.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\S+)/gm)]
    .map(([, name = '']) => name.split('|')[0] ?? '')
    .filter((name) => name !== 'help')

test('every command is mounted once and tells its help', { timeout: 300_000 }, async () => {
  const root = await help()
  expect(root.code).toBe(0)
  const names = commandsOf(root.page)
  expect(names).toEqual([...new Set(names)])
  expect(names).toEqual(expect.arrayContaining(['up', 'worker', 'warm', 'runs', 'explain', 'pause', 'resume', 'deps']))
  const pages = await Promise.all(names.map((name) => help(name)))
  expect(pages.map(({ command, code }) => ({ command, code }))).toEqual(
    names.map((name) => ({ command: name, code: 0 })),
  )
  const runs = commandsOf(pages.find(({ command }) => command === 'runs')?.page ?? '')
  expect(runs).toEqual(['list', 'show', 'cancel', 'retry'])
})
