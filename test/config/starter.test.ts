import { describe, expect, test } from 'vitest'
import { settingsFrom } from '../../src/config/load.ts'
import { starterSettings } from '../../src/config/starter.ts'

const read = (text: string) => settingsFrom({ file: { name: 'forewarm.yaml', text } })

describe.each(['embedded', 'distributed'] as const)('the first settings file, %s', (mode) => {
  const text = starterSettings({ mode, workspace: 'acme/web', directory: '../web' })

  test('gives the defaults, the mode and the workspace', () => {
    const { workspaces, ...settings } = read(text)
    const { workspaces: _none, ...defaults } = settingsFrom({})
    expect(settings).toEqual({ ...defaults, mode })
    expect(workspaces.get('acme/web')?.origin.directory).toBe('../web')
  })

  test('also gives the defaults when every setting is uncommented', () => {
    const { workspaces: _one, ...settings } = read(text.replaceAll(/^( *)# /gm, '$1'))
    const { workspaces: _none, ...defaults } = settingsFrom({})
    expect(settings).toEqual({ ...defaults, mode })
  })

  test('says of each setting what it means', () => {
    expect(text.match(/^ *# \w+: ?/gm)?.length).toBeGreaterThan(4)
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([])
  })
})
