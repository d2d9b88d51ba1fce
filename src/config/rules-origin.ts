/** Rules of the origins' settings. */
import { isIP } from 'node:net'
import type { Problem } from './assignment.ts'
import type { OriginSettings, Settings } from './schema.ts'

/** The settings by which an origin is chosen; each workspace sets exactly one. */
const ORIGIN_KEYS: ReadonlyMap<string, (origin: OriginSettings) => string | null> = new Map([
  ['directory', ({ directory }) => directory],
  ['git.repository', ({ git }) => git.repository],
  ['http.url', ({ http }) => http.url],
  ['s3.bucket', ({ s3 }) => s3.bucket],
])

export function brokenOrigins({ workspaces }: Settings): readonly Problem[] {
  return [...workspaces].flatMap(([name, { origin }]) => [
    ...originsChosen(name, origin),
    ...brokenHttp(`workspaces.${name}.origin.http`, origin),
    ...brokenS3(`workspaces.${name}.origin.s3`, origin),
  ])
}

function originsChosen(name: string, origin: OriginSettings): readonly Problem[] {
  const set = [...ORIGIN_KEYS].filter(([, read]) => read(origin) !== null).map(([key]) => key)
  if (set.length === 1) return []
  const mend = `set exactly one of ${[...ORIGIN_KEYS.keys()].join(', ')}`
  return [`workspaces.${name}.origin ${set.length === 0 ? 'says nowhere' : `says ${set.join(' and ')}`}: ${mend}`]
}

function brokenHttp(where: string, { http }: OriginSettings): readonly Problem[] {
  const addresses = [
    ['url', http.url],
    ['list', http.list],
  ] as const
  return [
    ...addresses
      .filter(([, text]) => text !== null && !isWebAddress(text))
      .map(([key]) => `${where}.${key} must be an address like https://host/path, without credentials`),
    ...http.hosts
      .filter((host) => !/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.test(host))
      .map((host) => `${where}.hosts: ${JSON.stringify(host)} must be a name, or name:port, in small letters`),
    ...http.privateNetworks
      .filter((network) => !isNetwork(network))
      .map((network) => `${where}.privateNetworks: ${JSON.stringify(network)} must be a network like 10.0.0.0/8`),
  ]
}

const brokenS3 = (where: string, { s3: { endpoint } }: OriginSettings): readonly Problem[] =>
  endpoint === null || isWebAddress(endpoint)
    ? []
    : [`${where}.endpoint must be an address like https://host/path, without credentials`]

/** An address of HTTP without user and password in it. */
export function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}

function isNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  return Number(bits) <= (isIP(address) === 4 ? 32 : 128) && isIP(address) !== 0 && bits !== ''
}
