import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cached } from '../services/download-cache.ts'
import { type NpmRelease, npmRelease } from './npm.ts'

export type TypeScriptRepository = {
  readonly name: string
  /** One package, or the members of a workspace. */
  readonly packages: readonly NpmRelease[]
}

const release = (name: string, version: string, digest: string): NpmRelease => ({
  name,
  version,
  integrity: `sha512-${digest}`,
})

/** What is read of TypeScript and JavaScript: sources, built modules, declarations, CommonJS, and a workspace. */
export const TYPESCRIPT_REPOSITORIES: readonly TypeScriptRepository[] = [
  {
    name: 'effect',
    packages: [
      release(
        'effect',
        '3.10.0',
        'J9rsJBXNHZxklJTbHriY8D9wIHhmvXDamExW4pPZ2kPNZ+XRfstXeHBqpXAIK+B42ASVbuDswAXyup5WHWK6jg==',
      ),
    ],
  },
  {
    name: 'rxjs',
    packages: [
      release(
        'rxjs',
        '7.8.1',
        'AA3TVj+0A2iuIoQkWEK/tqFjBq2j+6PO6Y0zJcvzLAFhEFIO3HL0vls9hWLncZbAAbK0mar7oZ4V079I/qPMxg==',
      ),
    ],
  },
  {
    name: 'zod',
    packages: [
      release(
        'zod',
        '3.25.76',
        'gzUt/qt81nXsFGKIFcC3YnfEAx5NkunCfnDlvuBSSFS02bcXu4Lmea0AFIUwbLWxWPx3d9p8S5QoaujKcNQxcQ==',
      ),
    ],
  },
  {
    name: 'lodash',
    packages: [
      release(
        'lodash',
        '4.17.21',
        'v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==',
      ),
    ],
  },
  {
    name: 'typeorm',
    packages: [
      release(
        'typeorm',
        '0.3.20',
        'sJ0T08dV5eoZroaq9uPKBoNcGslHBR4E4y+EBHs//SiGbblGe7IeduP/IH4ddCcj0qp3PHwDwGnuvqEAnKlq/Q==',
      ),
    ],
  },
  {
    name: 'tanstack-query',
    packages: [
      release(
        '@tanstack/query-core',
        '5.90.5',
        'wLamYp7FaDq6ZnNehypKI5fNvxHPfTYylE0m/ZpuuzJfJqhR5Pxg9gvGBHZx4n7J+V5Rg5mZxHHTlv25Zt5u+w==',
      ),
      release(
        '@tanstack/react-query',
        '5.90.5',
        'pN+8UWpxZkEJ/Rnnj2v2Sxpx1WFlaa9L6a4UO89p6tTQbeo+m0MS8oYDjbggrR8QcTyjKoYWKS3xJQGr3ExT8Q==',
      ),
      release(
        '@tanstack/query-persist-client-core',
        '5.91.3',
        'mMp1CAFQhOnotA9BPC1ljioyLprm45QjsZ9clJmwH+1Brul/y3kJxj+U2kmIMOko5DMgfu46PWuEYsyXHDC8vA==',
      ),
      release(
        '@tanstack/react-query-persist-client',
        '5.90.6',
        'GNvFNeXWBs38fEmMj43A70l1hbaE1K5ZS14lRprVeDiZPMJpz9YoVbz5zrhqqQbiClIoo6ZV7wHA/LqoK3Lb3A==',
      ),
    ],
  },
]

/** The folder of a repository; members of a workspace lie in `packages`, and can name one another. */
export async function typeScriptRepository({ name, packages }: TypeScriptRepository): Promise<string> {
  const [only, ...more] = packages
  if (only !== undefined && more.length === 0) return npmRelease(only)
  const releases = await Promise.all(packages.map(npmRelease))
  const versions = packages.map(({ version }) => version).join('-')
  return cached(`workspace-${name}-${versions}`, async (unfinished) => {
    await writeFile(join(unfinished, 'package.json'), JSON.stringify({ name: 'root', workspaces: ['packages/*'] }))
    for (const [index, { name: member }] of packages.entries()) {
      const folder = member.replace(/^@[^/]+\//, '')
      await cp(releases[index] ?? '', join(unfinished, 'packages', folder), { recursive: true })
      const link = join(unfinished, 'node_modules', member)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join('..', '..', 'packages', folder), link)
    }
  })
}
