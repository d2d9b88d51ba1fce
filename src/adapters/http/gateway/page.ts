/** The live page: a few built files, kept in memory, open to all; what it shows it asks for with a token. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { NotFound } from './failures.ts'
import type { GatewayServer } from './server-type.ts'

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])

/** Nothing but the page's own files runs or loads, and no other page shows it in a frame. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Serves the files of a folder, `index.html` at `/`; with null a hint how to build them. */
export async function addPage(server: GatewayServer, folder: string | null): Promise<void> {
  if (folder === null) {
    server.get('/', { schema: { hide: true } }, async () => {
      throw new NotFound('the live page is not built: run npm run build')
    })
    return
  }
  for (const name of filesIn(folder)) {
    const type = TYPES.get(extname(name))
    if (type !== undefined) await addFile(server, { name, type, bytes: readFileSync(join(folder, name)) })
  }
}

type PageFile = { readonly name: string; readonly type: string; readonly bytes: Buffer }

async function addFile(server: GatewayServer, { name, type, bytes }: PageFile): Promise<void> {
  const packed = await promisify(gzip)(bytes, { level: 9 })
  const isIndex = name === 'index.html'
  // The names of all others hold a digest of what is in them.
  const keep = isIndex ? 'no-cache' : 'public, max-age=31536000, immutable'
  server.get(isIndex ? '/' : `/${name}`, { schema: { hide: true } }, async (request, reply) => {
    const takesPacked = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
    if (takesPacked) reply.header('content-encoding', 'gzip')
    return reply
      .headers({ 'content-type': type, 'cache-control': keep, vary: 'accept-encoding' })
      .headers({ 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' })
      .header('referrer-policy', 'no-referrer')
      .send(takesPacked ? packed : bytes)
  })
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
