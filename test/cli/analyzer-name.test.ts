import { expect, test } from 'vitest'
import { analyzerName } from '../../src/cli/analyzer-name.ts'

test.each([
  [['eslint', 'src'], 'eslint'],
  [['/usr/bin/ruff', 'check'], 'ruff'],
  [['npx', 'eslint', 'src'], 'eslint'],
  [['npx', '--yes', 'eslint@10.15.0', 'src'], 'eslint'],
  [['npx', '@biomejs/biome@2', 'check'], 'biome'],
  [['uvx', 'ruff@0.17.6'], 'ruff'],
  [['npx'], 'npx'],
])('%j is called %s', (command, name) => expect(analyzerName(command)).toBe(name))
