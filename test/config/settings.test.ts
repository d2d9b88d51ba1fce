import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { settingsFrom } from '../../src/config/load.ts'
import { documentedSettings, redacted } from '../../src/config/print.ts'
import { ForewarmError } from '../../src/ports/errors.ts'

const fromYaml = (text: string, environment: Record<string, string> = {}) =>
  settingsFrom({ file: { name: 'site.yaml', text }, environment: new Map(Object.entries(environment)) })

function complaint(run: () => unknown): string {
  try {
    run()
  } catch (fault) {
    if (fault instanceof ForewarmError && fault.code === 'FW_CONFIG_INVALID') return fault.message
    throw fault
  }
  return 'no complaint'
}

const top = documentedSettings().filter((one) => one.variable !== null)
const integers = top.filter((one) => one.expects.startsWith('a whole number') && Number(one.value) >= 4)

describe('settings', () => {
  test('without any source every setting has its documented default', () => {
    const settings = settingsFrom({})
    for (const { path, value } of top) {
      const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], settings)
      expect({ path, value: found }).toEqual({ path, value })
    }
  })

  test('the environment wins over the file, the file over the default', () => {
    const settings = fromYaml('warm: {concurrency: 3}\nlog: {level: warn}', { FOREWARM_WARM__CONCURRENCY: '7' })
    expect(settings.warm.concurrency).toBe(7)
    expect(settings.log.level).toBe('warn')
    expect(settings.warm.attemptsMax).toBe(3)
  })

  test('a whole number set in the file or by its variable gives the same settings', () => {
    fc.assert(
      fc.property(fc.constantFrom(...integers), fc.integer({ min: 0, max: 3 }), ({ path, variable, value }, less) => {
        const chosen = Number(value) - less
        const nested = path.split('.').reduceRight<unknown>((below, key) => ({ [key]: below }), chosen)
        const outcome = (run: () => unknown) => {
          try {
            return redacted(run() as never)
          } catch (fault) {
            return (fault as Error).message.replace(/^[^:]*(:\d+)?: /, '')
          }
        }
        expect(outcome(() => fromYaml('', { [variable ?? '']: String(chosen) }))).toEqual(
          outcome(() => fromYaml(stringify(nested))),
        )
      }),
    )
  })

  test('a misspelt key is an error that names the nearest right one and the line', () => {
    expect(complaint(() => fromYaml('mode: embedded\nwarm:\n  concurency: 3\n'))).toBe(
      'site.yaml:3:3: unknown setting warm.concurency, did you mean concurrency?',
    )
    expect(complaint(() => fromYaml('', { FOREWARM_WARM__CONCURENCY: '3' }))).toBe(
      'FOREWARM_WARM__CONCURENCY: unknown setting, did you mean FOREWARM_WARM__CONCURRENCY?',
    )
  })

  test('no key that is not in the schema is accepted, whatever it is', () => {
    const known = new Set(top.flatMap(({ path }) => path.split('.')))
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (key) => {
        fc.pre(!known.has(key))
        expect(complaint(() => fromYaml(JSON.stringify({ [key]: 1 })))).toContain('site.yaml:1:2: unknown setting')
      }),
    )
  })

  test('a bad value says where it stands, what was expected and what was there', () => {
    expect(complaint(() => fromYaml('kafka:\n  partitions: lots\n'))).toBe(
      'site.yaml:2:3: kafka.partitions must be a whole number from 1 to 1024, not "lots"',
    )
    expect(complaint(() => fromYaml('', { FOREWARM_PREDICT__AGGRESSIVENESS: 'wild' }))).toBe(
      'FOREWARM_PREDICT__AGGRESSIVENESS: predict.aggressiveness must be one of low, medium, high, not "wild"',
    )
  })

  test('all complaints come at once', () => {
    expect(complaint(() => fromYaml('mod: x\nwarm: {concurrency: 0}\n')).split('\n')).toHaveLength(2)
  })

  test('a workspace without its origin, or with two, is an error, one named __proto__ too', () => {
    const mend = 'set exactly one of directory, git.repository, http.url, s3.bucket'
    expect(complaint(() => fromYaml('workspaces:\n  web: {}\n'))).toContain(
      `workspaces.web.origin says nowhere: ${mend}`,
    )
    expect(
      complaint(() => fromYaml('workspaces:\n  web: {origin: {directory: /a, git: {repository: /b}}}\n')),
    ).toContain(`workspaces.web.origin says directory and git.repository: ${mend}`)
    const hostile = complaint(() => fromYaml('workspaces:\n  __proto__: {origin: {directory: /}}\n'))
    expect(hostile).toContain('site.yaml:2:3: "__proto__" is no name for workspaces')
  })

  test('addresses, hosts and networks of an HTTP origin are judged when the settings are read', () => {
    const http = (text: string) => () => fromYaml(`workspaces:\n  web: {origin: {http: {${text}}}}\n`)
    expect(
      http('url: "https://files.example/a", hosts: ["cdn.example:8443"], privateNetworks: ["fd00::/8"]'),
    ).not.toThrow()
    expect(complaint(http('url: "file:///etc"'))).toContain('origin.http.url must be an address like')
    expect(complaint(http('url: "https://me:secret@files.example/"'))).not.toContain('secret')
    expect(complaint(http('url: "https://a/", list: nowhere'))).toContain('origin.http.list must be an address like')
    expect(complaint(http('url: "https://a/", hosts: ["https://b"]'))).toContain('"https://b" must be a name')
    const s3 = () => fromYaml('workspaces:\n  web: {origin: {s3: {bucket: files, endpoint: "minio:9000"}}}\n')
    expect(complaint(s3)).toContain('origin.s3.endpoint must be an address like')
    for (const network of ['10.0.0.0', '10.0.0.0/33', 'intranet/8', '::/129']) {
      expect(complaint(http(`url: "https://a/", privateNetworks: ["${network}"]`))).toContain('must be a network')
    }
  })

  test('workspaces come from the file and, as a whole, from a variable', () => {
    const settings = fromYaml('workspaces:\n  acme/web: {origin: {directory: /a}}\n', {
      FOREWARM_WORKSPACES: '{"acme/api": {"origin": {"directory": "/b"}}}',
    })
    expect([...settings.workspaces].map(([name, one]) => [name, one.origin.directory])).toEqual([
      ['acme/web', '/a'],
      ['acme/api', '/b'],
    ])
  })

  test('a password is said once, and neither it nor a bad secret is ever printed', () => {
    const settings = fromYaml('', { FOREWARM_REGISTRY__PASSWORD: 'open sesame', FOREWARM_REGISTRY__USERNAME: 'ali' })
    for (const url of ['registry:8081', 'nonsense', 'https://user:secret@registry']) {
      expect(complaint(() => fromYaml(`registry: {url: '${url}'}`))).toContain('registry.url must be an address')
    }
    const twice = complaint(() => fromYaml('cache: {redis: {password: sesame, passwordFile: /run/secrets/redis}}'))
    expect(twice).toContain('cache.redis.password and cache.redis.passwordFile are both set')
    expect(twice).not.toContain('sesame')
    expect(JSON.stringify(redacted(settings))).not.toContain('sesame')
    expect(JSON.stringify(redacted(settings))).toContain('"password":"***"')
    const bad = complaint(() => fromYaml('gateway: {tokens: {ci: {sha256: open-sesame, workspaces: [web]}}}'))
    expect(bad).toContain('gateway.tokens.ci.sha256 must be')
    expect(bad).not.toContain('sesame')
  })

  test("Kubernetes' own variables for a service named forewarm-gateway are left alone", () => {
    const environment = {
      FOREWARM_GATEWAY_SERVICE_HOST: '10.0.0.1',
      FOREWARM_GATEWAY_PORT: 'tcp://10.0.0.1:8787',
      FOREWARM_GATEWAY_PORT_8787_TCP_ADDR: '10.0.0.1',
    }
    expect(fromYaml('', environment)).toEqual(settingsFrom({}))
  })

  test('a port with one underscore too few is none of them: the right name is told', () => {
    expect(complaint(() => fromYaml('', { FOREWARM_GATEWAY_PORT: '8788' }))).toContain(
      'FOREWARM_GATEWAY_PORT: unknown setting, did you mean FOREWARM_GATEWAY__PORT?',
    )
  })

  test('an alias is refused, so that a small file cannot stand for a large one', () => {
    expect(complaint(() => fromYaml('kafka:\n  clientId: &a x\n  topicPrefix: *a\n'))).toContain('site.yaml:3')
  })

  test('settings that would lose data or open the gateway to all are refused', () => {
    expect(complaint(() => fromYaml('kafka: {partitions: 12}'))).toContain('power of two')
    expect(complaint(() => fromYaml('kafka: {retentionMs: 3600000}'))).toContain('could not be rebuilt')
    expect(complaint(() => fromYaml('gateway: {host: 0.0.0.0}'))).toContain('no gateway.tokens')
    expect(complaint(() => fromYaml('kafka: {sasl: {mechanism: plain}}'))).toContain('username')
  })

  test('a token is known by one thing, and what it leans on is there', () => {
    const token = (text: string, more = '') => complaint(() => fromYaml(`gateway: {${more} tokens: {ci: {${text}}}}`))
    expect(token('workspaces: [web]')).toContain('gateway.tokens.ci: set exactly one of sha256, certificate and claims')
    expect(token('certificate: CN=ci, claims: [a=b]')).toContain('set exactly one of')
    expect(token('certificate: CN=ci')).toContain('set gateway.tls.clientCaFile')
    expect(token('claims: [a=b]')).toContain('Set gateway.oidc.issuer')
    const issuer = 'oidc: {issuer: "https://issuer.example", audience: forewarm},'
    expect(token('claims: [admin]', issuer)).toContain('"admin" must be like claim=value')
    expect(() => fromYaml(`gateway: {${issuer} tokens: {ci: {claims: [a=b], expiresAt: 2031-01-31}}}`)).not.toThrow()
    expect(token('claims: [a=b], expiresAt: 2031-13-01', issuer)).toContain('is no date of the calendar')
    expect(token('claims: [a=b], expiresAt: tomorrow', issuer)).toContain('expiresAt must be')
  })

  test('TLS and an issuer of tokens are whole, and cannot be changed on the way', () => {
    const gateway = (text: string) => complaint(() => fromYaml(`gateway: {${text}}`))
    expect(gateway('tls: {certFile: a.crt}')).toContain('needs certFile and keyFile together')
    expect(gateway('tls: {clientCaFile: ca.crt}')).toContain('client certificates need HTTPS')
    expect(gateway('tls: {clientCrlFile: ca.crl}')).toContain('set gateway.tls.clientCaFile')
    expect(gateway('oidc: {caFile: ca.crt}')).toContain('set gateway.oidc.issuer')
    expect(gateway('tls: {clientCertificates: required}')).toContain('nobody could come in')
    expect(gateway('oidc: {audience: forewarm}')).toContain('set gateway.oidc.issuer')
    expect(gateway('oidc: {issuer: "https://issuer.example"}')).toContain('gateway.oidc.audience is needed')
    for (const url of ['http://issuer.example', 'https://me:secret@issuer.example', 'issuer']) {
      const said = gateway(`oidc: {issuer: "${url}", audience: a}`)
      expect(said).toContain('gateway.oidc.issuer must be an address like')
      expect(said).not.toContain('secret')
    }
    expect(gateway('oidc: {algorithms: [HS256]}')).toContain('gateway.oidc.algorithms must be')
    expect(gateway('oidc: {algorithms: [none]}')).toContain('gateway.oidc.algorithms must be')
  })

  test('settings cannot be changed afterwards', () => {
    const settings = settingsFrom({})
    expect(() => Object.assign(settings.warm, { concurrency: 1 })).toThrow(TypeError)
    expect(() => (settings.kafka.brokers as string[]).push('x')).toThrow(TypeError)
  })
})
