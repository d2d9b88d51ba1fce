/** What is installed and shipped: pinned, with digests, under licences that are allowed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))
const manifest = read('package.json')
const lock = read('package-lock.json')

type Locked = {
  version: string
  integrity?: string
  resolved?: string
  link?: boolean
  inBundle?: boolean
  dev?: boolean
  optional?: boolean
  devOptional?: boolean
  os?: readonly string[]
  cpu?: readonly string[]
}
const locked = Object.entries(lock.packages as Record<string, Locked>).filter(([path]) => path !== '')

describe('package-lock.json', () => {
  test('is of package.json, which pins every version', () => {
    const own = lock.packages['']
    const kinds = ['dependencies', 'optionalDependencies', 'devDependencies'] as const
    expect(kinds.map((kind) => own[kind])).toEqual(kinds.map((kind) => manifest[kind]))
    const all = kinds.flatMap((kind) => Object.entries(manifest[kind]))
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))).toEqual([])
  })

  test('ships nothing that is for one platform alone, so that images for others are filled on any', () => {
    expect(locked.filter(([, { dev, os, cpu }]) => !dev && (os ?? cpu) !== undefined)).toEqual([])
  })

  test('makes nobody install more than was agreed; who leaves out what is optional has no more than that', () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(25)
    const needed = locked.filter(([, { dev, optional, devOptional }]) => !(dev || optional || devOptional))
    expect(needed.length).toBeLessThanOrEqual(120)
  })

  test('has the digest of every package, and none from elsewhere than a registry', () => {
    expect(locked.length).toBeGreaterThan(100)
    const bare = locked.filter(([, { integrity, inBundle }]) => !inBundle && !/^sha512-/.test(integrity ?? ''))
    // npm leaves the digest out of programs for other platforms that it did not fetch: only tools of development may.
    expect(bare.filter(([, { dev, optional }]) => !(dev && optional))).toEqual([])
    const stray = locked.filter(
      ([, { resolved, link }]) => link === true || /^(git|file|http:|ssh)/.test(resolved ?? ''),
    )
    expect(stray).toEqual([])
  })
})

describe('licences', () => {
  const check = (file: string) => spawnSync('node', ['deploy/licences.mjs', file], { cwd: root, encoding: 'utf8' })

  test('every package has one that is allowed', () => {
    expect(check('package-lock.json')).toMatchObject({ status: 0, stderr: '' })
  })

  test('one that is not allowed, or unknown, is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'forewarm-licences-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'package-lock.json')
    const packages = {
      'node_modules/a': { version: '1.0.0', license: 'GPL-3.0-only' },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/c': { version: '1.0.0', license: '(MIT OR GPL-3.0-only)' },
      'node_modules/d': { version: '1.0.0', license: 'MIT AND GPL-3.0-only' },
    }
    writeFileSync(file, JSON.stringify({ packages }))
    const { status, stderr } = check(file)
    expect(status).toBe(1)
    expect([...stderr.matchAll(/node_modules\/(\w)/g)].map(([, name]) => name)).toEqual(['a', 'b', 'd'])
  })
})
