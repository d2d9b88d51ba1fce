import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Origin, OriginEntry } from '../../src/ports/origin.ts'

/** What an origin under test is: it holds exactly the files that `start` was given. */
export type OriginSubject = { readonly origin: Origin; stop(): Promise<void> }

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Files with all that names and contents may be. */
const FILES: ReadonlyMap<string, Uint8Array> = new Map([
  ['src/a.ts', bytes('export const a = 1\n')],
  ['src/deep/er/b.ts', bytes("import '../../a'\n")],
  ['empty', new Uint8Array()],
  ['limit', new Uint8Array(1_000).fill(7)],
  ['over', new Uint8Array(1_001).fill(7)],
  ['every.bin', Uint8Array.from({ length: 768 }, (_, at) => at % 256)],
  ['src/a b+c%20&d=e;f#g?h.ts', bytes('signs')],
  ['src/ключ/文件 🔑.ts', bytes('letters')],
  ['-rf', bytes('an option')],
  ['--upload-pack=touch x', bytes('a longer one')],
  ['__proto__', bytes('a name like any other')],
  ['large', new Uint8Array(300_000).map((_, at) => (at * 31) % 251)],
])

const LIMITS = { bytesMax: 1_000_000, signal: new AbortController().signal }
const { signal } = LIMITS

/** Git's own definition: SHA-1 of `blob <length>\0` and the bytes. */
const blobIdOf = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')

/** The promises of the Origin port. */
export function describeOrigin(
  name: string,
  start: (files: ReadonlyMap<string, Uint8Array>) => Promise<OriginSubject>,
): void {
  describe(`origin: ${name}`, () => {
    let subject: OriginSubject
    let origin: Origin
    beforeAll(async () => {
      subject = await start(FILES)
      origin = subject.origin
    })
    afterAll(() => subject?.stop())

    test('every file is read whole, with the version that git gives its bytes', async () => {
      for (const [path, content] of FILES) {
        const got = await origin.read(path, LIMITS)
        expect(got, path).toMatchObject({ outcome: 'read', file: { version: blobIdOf(content) } })
        expect(got.outcome === 'read' && Buffer.compare(got.file.bytes, content), path).toBe(0)
      }
    })

    test('reads side by side each get their own file', async () => {
      const paths = Array.from({ length: 10 }, () => [...FILES.keys()]).flat()
      const got = await Promise.all(paths.map((path) => origin.read(path, LIMITS)))
      const versions = got.map((read) => (read.outcome === 'read' ? read.file.version : read.outcome))
      expect(versions).toEqual(paths.map((path) => blobIdOf(FILES.get(path) ?? new Uint8Array())))
    })

    test('a file of exactly the limit is read, one byte more is too large', async () => {
      expect((await origin.read('limit', { bytesMax: 1_000, signal })).outcome).toBe('read')
      expect(await origin.read('over', { bytesMax: 1_000, signal })).toMatchObject({ outcome: 'tooLarge' })
      expect(await origin.read('empty', { bytesMax: 0, signal })).toMatchObject({ outcome: 'read' })
      const large = await origin.read('large', { bytesMax: 1_000, signal })
      expect(large.outcome === 'tooLarge' && large.bytes).toBeGreaterThan(1_000)
    })

    test.each(['nowhere', 'src/nowhere.ts', 'src/a.ts/b', 'constructor', `src/${'x'.repeat(400)}`])(
      'there is no file %j',
      async (path) => {
        expect(await origin.read(path, LIMITS)).toEqual({ outcome: 'missing' })
        expect(await origin.version(path, signal)).toBeNull()
      },
    )

    test('a folder is no file', async () => {
      expect(['missing', 'denied']).toContain((await origin.read('src', LIMITS)).outcome)
      expect(await origin.version('src', signal)).toBeNull()
    })

    test.each([
      ['../secret', 'path'],
      ['src/../../secret', 'path'],
      ['./src/a.ts', 'path'],
      ['src//a.ts', 'path'],
      ['/src/a.ts', 'path'],
      ['src/', 'path'],
      ['src\\a.ts', 'path'],
      ['src/a.ts\0.png', 'path'],
      ['', 'path'],
      ['.git/config', 'git'],
      ['src/.GIT/config', 'git'],
      ['.forewarm/forewarm.sqlite', 'own'],
    ])('the path %j is denied by its text: %s', async (path, detail) => {
      expect(await origin.read(path, LIMITS)).toEqual({ outcome: 'denied', detail })
      expect(await origin.version(path, signal)).toBeNull()
    })

    test.each(['src/a.ts\nsrc/a.ts', 'HEAD:src/a.ts', '%2e%2e/secret', 'src%2Fa.ts', 'a?x=1', 'http://127.0.0.1/'])(
      'the name %j is a name and nothing else',
      async (path) => {
        expect(['missing', 'denied']).toContain((await origin.read(path, LIMITS)).outcome)
        // And what is asked next gets its own answer.
        expect((await origin.read('src/a.ts', LIMITS)).outcome).toBe('read')
      },
    )

    test('a read that is given up rejects with the reason, before and in the middle', async () => {
      const before = AbortSignal.abort(new Error('never begun'))
      await expect(origin.read('src/a.ts', { bytesMax: 1_000, signal: before })).rejects.toThrow('never begun')
      const middle = new AbortController()
      const reading = origin.read('large', { bytesMax: 1_000_000, signal: middle.signal })
      middle.abort(new Error('given up'))
      await expect(reading).rejects.toThrow('given up')
      expect((await origin.read('src/a.ts', LIMITS)).outcome).toBe('read')
    })

    test('a version that is told without reading is the one that a read finds', async () => {
      for (const [path, content] of FILES) {
        await origin.read(path, LIMITS)
        const told = await origin.version(path, signal)
        if (told !== null) expect(told, path).toBe(blobIdOf(content))
      }
    })

    test('the listing has every file once, with sizes and versions that hold', async () => {
      const entries: OriginEntry[] = []
      for await (const entry of origin.list(signal)) entries.push(entry)
      expect(entries.map(({ path }) => path).sort()).toEqual([...FILES.keys()].sort())
      for (const { path, version, bytes: size } of entries) {
        const content = FILES.get(path) ?? new Uint8Array()
        if (version !== null) expect(version, path).toBe(blobIdOf(content))
        if (size !== null) expect(size, path).toBe(content.length)
      }
    })

    test('a listing that is given up rejects with the reason', async () => {
      const listing = async () => {
        for await (const _ of origin.list(AbortSignal.abort(new Error('given up')))) expect.unreachable()
      }
      await expect(listing()).rejects.toThrow('given up')
    })

    test('signatures of files that nobody touched are the same at the next listing', async () => {
      const signatures = async () => {
        const found = new Map<string, string>()
        for await (const { path, signature } of origin.list(signal)) if (signature !== null) found.set(path, signature)
        return found
      }
      const first = await signatures()
      const second = await signatures()
      for (const [path, signature] of first) expect(second.get(path), path).toBe(signature)
    })

    test('a revision that nobody knows has no history', async () => {
      for (const ref of ['no-such-branch', '--output=x', 'HEAD:src', 'a b', '']) {
        await expect(origin.changedSince(ref, signal), ref).rejects.toMatchObject({ code: 'FW_ORIGIN_NO_HISTORY' })
      }
    })

    test('without another revision it is the same origin', () => {
      expect(origin.at(null)).toBe(origin)
    })
  })
}
