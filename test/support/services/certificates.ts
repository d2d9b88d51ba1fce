import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'

const mend = 'install openssl (Debian: apt-get install openssl)'

/** Names of the files of an authority: its own certificate, and what it has issued for 127.0.0.1 to server and client. */
export const CERTIFICATES = ['ca.crt', 'server.crt', 'server.key', 'server.pem', 'client.crt', 'client.key'] as const

/**
 * Writes the files of a new authority into a folder, each in one piece over the one that is there: the way in which
 * certificates are renewed. Of an earlier authority's certificates none is worth anything afterwards.
 */
export async function issueCertificates(folder: string): Promise<void> {
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
  for (const name of ['server', 'client']) {
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
  for (const name of CERTIFICATES) await rename(join(making, name), join(folder, name))
  await rm(making, { recursive: true })
}
