import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type PythonRelease, pythonRelease } from './pypi.ts'

/** What is read of Python: small and large, with and without `src`, a namespace package, stubs, generated code. */
export const PYTHON_RELEASES = [
  {
    name: 'django',
    version: '5.2.1',
    kind: 'wheel',
    sha256: ['a9b680e84f9a0e71da83e399f1e922e1ab37b2173ced046b541c72e1589a5961'],
  },
  {
    name: 'sqlalchemy',
    version: '2.0.41',
    kind: 'wheel',
    sha256: ['57df5dc6fdb5ed1a88a1ed2195fd31927e705cad62dedd86b46972752a80f576'],
    platform: ['--platform=any'],
  },
  {
    name: 'pandas',
    version: '2.3.0',
    kind: 'wheel',
    sha256: ['14a0cc77b0f089d2d2ffe3007db58f170dae9b9f54e569b299db871a3ab5bf46'],
    platform: ['--platform=manylinux2014_x86_64', '--python-version=3.11', '--implementation=cp'],
  },
  {
    name: 'flask',
    version: '3.1.1',
    kind: 'sdist',
    sha256: ['284c7b8f2f58cb737f0cf1c30fd7eaf0ccfcde196099d24ecede3fc2005aa59e'],
  },
  {
    name: 'google-cloud-storage',
    version: '3.1.0',
    kind: 'sdist',
    sha256: ['944273179897c7c8a07ee15f2e6466a02da0c7c4b9ecceac2a26017cb2972049'],
  },
  {
    name: 'twisted',
    version: '24.11.0',
    kind: 'sdist',
    sha256: ['695d0556d5ec579dcc464d2856b634880ed1319f45b10d19043f2b57eb0115b5'],
  },
] as const satisfies readonly PythonRelease[]

export type PythonRepository = (typeof PYTHON_RELEASES)[number]['name']

/** The folder that would be the checkout: an sdist's only folder, or where the wheel was unpacked. */
export async function pythonRepository(name: PythonRepository): Promise<string> {
  const release = PYTHON_RELEASES.find((each) => each.name === name) as PythonRelease
  const folder = await pythonRelease(release)
  if (release.kind === 'wheel') return folder
  const [only = '', ...others] = await readdir(folder)
  if (others.length > 0)
    throw new Error(`an sdist of ${name} with more than one folder: ${[only, ...others].join(', ')}`)
  return join(folder, only)
}
