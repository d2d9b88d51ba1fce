import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DEAD_LETTER_HEADERS } from '../../src/flows/dead-letter.ts'
import type { CodedTopic } from '../../src/ports/codec.ts'
import { parseSchema } from '../../src/wire/load-schema.ts'
import { CODED_TOPICS, RECORD_FORMS } from '../../src/wire/record-forms.ts'

/**
 * golden/ keeps every schema that was ever published, and records written with it, for ever. A schema is changed by a
 * new revision whose file is added here; what is here is never edited.
 */
const golden = new URL('golden/', import.meta.url)
const goldenText = (file: string): string => readFileSync(new URL(file, golden), 'utf8')
const published = readdirSync(golden).filter((file) => file.endsWith('.avsc'))
const recordOf = (file: string) => file.replace(/\.v\d+\.avsc$/, '')
const topicOf = (file: string): CodedTopic | undefined => CODED_TOPICS.find((topic) => topic === `${recordOf(file)}s`)

describe('the published schemas', () => {
  it.each(published)('%s is still in schemas/ as it was published', (file) => {
    expect(readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8')).toBe(goldenText(file))
  })

  it('has every schema of schemas/', () => {
    const all = readdirSync(new URL('../../schemas/', import.meta.url)).filter((file) => file.endsWith('.avsc'))
    expect(published).toEqual(all)
    expect(published.map(topicOf)).not.toContain(undefined)
  })

  it.each(published)('the present reader takes what a writer of %s sends, and the other way round', (file) => {
    const topic = topicOf(file) ?? 'access-events'
    const present = parseSchema(RECORD_FORMS[topic].schema)
    const former = parseSchema(goldenText(file))
    expect(() => present.createResolver(former)).not.toThrow()
    expect(() => former.createResolver(present)).not.toThrow()
  })

  it.each(published)('says on every field and record of %s what it is', (file) => {
    const undocumented: string[] = []
    JSON.parse(goldenText(file), function (this: Record<string, unknown>, key, value) {
      if (key === 'name' && typeof this['doc'] !== 'string') undocumented.push(String(value))
      return value
    })
    expect(undocumented).toEqual([])
  })
})

describe('schemas/README.md', () => {
  const page = readFileSync(new URL('../../schemas/README.md', import.meta.url), 'utf8')

  it('names every topic with its schema, and every header of a dead letter', () => {
    const names = [...CODED_TOPICS, ...published, ...Object.values(DEAD_LETTER_HEADERS)]
    expect(names.filter((name) => !page.includes(name))).toEqual([])
  })
})

type GoldenRecords = Readonly<Record<string, { readonly value: object; readonly payload: string }>>

/** What a reader of this build finds in a record of revision 1 beside what was written. */
const ADDED_LATER: Readonly<Record<CodedTopic, object>> = {
  'access-events': {},
  'warm-requests': { action: 'run', spec: null },
  'warm-commands': { mode: 'warm', firstFile: 0, parallelMax: 0, bytesPerSecondMax: 0 },
  'warm-outcomes': { mode: 'warm', firstFile: 0, pressure: 0 },
}

describe.each([1, 2])('records of revision %i', (revision) => {
  const written: GoldenRecords = JSON.parse(goldenText(`records.v${revision}.json`))
  const records = new Map(Object.entries(written))

  it.each([...records.keys()] as CodedTopic[])('are read from %s as they were written', (topic) => {
    const record = records.get(topic)
    const writer = parseSchema(goldenText(`${topic.slice(0, -1)}.v${revision}.avsc`))
    const decoded = RECORD_FORMS[topic].reader(writer)(Buffer.from(record?.payload ?? '', 'hex'))
    expect(decoded).toEqual({ ok: true, value: { ...ADDED_LATER[topic], ...record?.value } })
  })
})

/** The access event's schema with one more field, as a next revision could have it. */
function withField(field: object): string {
  const schema = JSON.parse(goldenText('access-event.v1.avsc'))
  schema.fields.splice(2, 0, field)
  return JSON.stringify(schema)
}

describe('readers and writers of two revisions', () => {
  const event = JSON.parse(goldenText('records.v1.json'))['access-events'].value
  const bytes = Buffer.from(JSON.parse(goldenText('records.v1.json'))['access-events'].payload, 'hex')

  it('this reader leaves out a field that a newer writer added', () => {
    const newer = parseSchema(withField({ name: 'host', type: ['null', 'string'], default: null }))
    const wire = parseSchema(goldenText('access-event.v1.avsc')).fromBuffer(bytes)
    const decoded = RECORD_FORMS['access-events'].reader(newer)(newer.toBuffer({ ...wire, host: 'ci-7' }))
    expect(decoded).toEqual({ ok: true, value: event })
  })

  it('a newer reader fills a field that this writer does not know with its default', () => {
    const newer = parseSchema(withField({ name: 'host', type: 'string', default: 'none' }))
    const read = newer.fromBuffer(bytes, newer.createResolver(parseSchema(goldenText('access-event.v1.avsc'))))
    expect(read).toMatchObject({ workspace: 'shop', host: 'none' })
  })

  it('an outcome that only a newer writer knows is read as unknown', () => {
    const schema = goldenText('access-event.v1.avsc').replace('"stale"]', '"stale", "revalidated"]')
    const newer = parseSchema(schema)
    const wire = parseSchema(goldenText('access-event.v1.avsc')).fromBuffer(bytes)
    const access = { ...wire.accesses[0], outcome: 'revalidated' }
    const decoded = RECORD_FORMS['access-events'].reader(newer)(newer.toBuffer({ ...wire, accesses: [access] }))
    expect(decoded).toMatchObject({ ok: true, value: { accesses: [{ outcome: 'unknown' }] } })
  })

  it('a field without a default, or of another type, cannot be read', () => {
    const strict = parseSchema(withField({ name: 'host', type: 'string' }))
    expect(() => strict.createResolver(parseSchema(goldenText('access-event.v1.avsc')))).toThrow(/host/)
    const other = goldenText('access-event.v1.avsc').replace(
      '"name": "sequence",\n      "type": "long"',
      '"name": "sequence",\n      "type": "string"',
    )
    expect(() => RECORD_FORMS['access-events'].reader(parseSchema(other))).toThrow(/string/)
  })

  it('a writer who leaves out all that has a default is read with the defaults', () => {
    const least = {
      type: 'record',
      name: 'AccessEvent',
      namespace: 'dev.forewarm',
      fields: [
        { name: 'workspace', type: 'string' },
        { name: 'session', type: 'string' },
        {
          name: 'accesses',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'Access',
              fields: [
                { name: 'path', type: 'string' },
                { name: 'time', type: 'long' },
              ],
            },
          },
        },
      ],
    }
    const writer = parseSchema(JSON.stringify(least))
    const payload = writer.toBuffer({ workspace: 'w', session: 's', accesses: [{ path: 'a', time: 5 }] })
    expect(RECORD_FORMS['access-events'].reader(writer)(payload)).toEqual({
      ok: true,
      value: {
        workspace: 'w',
        session: 's',
        analyzer: 'unknown',
        revision: null,
        publisher: '',
        sequence: 0,
        sessionEnded: false,
        forget: false,
        accesses: [{ path: 'a', timeMs: 5, layer: 'content', version: null, outcome: 'unknown', warmedBy: null }],
        changes: [],
      },
    })
  })
})
