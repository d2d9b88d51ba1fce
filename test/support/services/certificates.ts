import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'

const mend = 'install openssl (Debian: apt-get install openssl)'

/**
 * Writes the files of a new authority into a folder, each in one piece over the one that is there: the way in which
 * certificates are renewed. Of an earlier authority's certificates none is worth anything afterwards. They are the
 * authority's own certificate, `server` for 127.0.0.1, and one of each client with the subject `CN=forewarm-<client>`.
 */
export async function issueCertificates(folder: string, clients: readonly string[] = ['client']): Promise<void> {
  const making = join(folder, `.making-${randomBytes(4).toString('hex')}`)
  await mkdir(making, { recursive: true })
  const openssl = (...args: readonly string[]) => runCommand('openssl', args, { cwd: making, mend })
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ]
  await openssl(
    'req',
    '-x509',
    ...key('ca'),
    '-subj',
    `/CN=authority ${making.slice(-8)}`,
    '-days',
    '2',
    '-out',
    'ca.crt',
  )
  await writeFile(join(making, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const names = ['server', ...clients]
  for (const name of names) {
    await openssl('req', ...key(name), '-subj', `/CN=forewarm-${name}`, '-out', `${name}.csr`)
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial']
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-days',
      '2',
      '-extfile',
      'names',
      '-out',
      `${name}.crt`,
    )
  }
  const parts = await Promise.all(['server.key', 'server.crt'].map((name) => readFile(join(making, name), 'utf8')))
  await writeFile(join(making, 'server.pem'), parts.join(''))
  const files = ['ca.crt', 'ca.key', 'server.pem', ...names.flatMap((name) => [`${name}.crt`, `${name}.key`])]
  for (const name of files) await rename(join(making, name), join(folder, name))
  await rm(making, { recursive: true })
}

/**
 * Writes the authority's list of revoked certificates, `ca.crl`, into the folder of `issueCertificates`: these clients are
 * in it. It holds for a day, or ended long ago.
 */
export async function revokeCertificates(
  folder: string,
  clients: readonly string[],
  { hasEnded = false }: { readonly hasEnded?: boolean } = {},
): Promise<void> {
  const making = join(folder, `.revoking-${randomBytes(4).toString('hex')}`)
  await mkdir(making, { recursive: true })
  const settings = ['[ca]', 'default_ca=own', '[own]', 'database=index', 'default_md=sha256', 'default_crl_days=1', '']
  await Promise.all([writeFile(join(making, 'index'), ''), writeFile(join(making, 'own.cnf'), settings.join('\n'))])
  const authority = ['-config', 'own.cnf', '-cert', '../ca.crt', '-keyfile', '../ca.key']
  const openssl = (...args: readonly string[]) =>
    runCommand('openssl', ['ca', ...authority, ...args], { cwd: making, mend })
  for (const client of clients) await openssl('-revoke', `../${client}.crt`)
  const past = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200102000000Z']
  await openssl('-gencrl', ...(hasEnded ? past : []), '-out', 'ca.crl')
  await rename(join(making, 'ca.crl'), join(folder, 'ca.crl'))
  await rm(making, { recursive: true })
}
