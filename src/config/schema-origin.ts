/** Settings of one workspace's origin: which it is, and how it is spared. docs/origins.md says what each kind does. */
import { integerSetting, listSetting, optionalSetting, section, textSetting } from './setting.ts'

const gitSection = section('A git repository, read at a commit out of its objects.', {
  repository: optionalSetting(
    'Directory of the repository, bare or with a work tree; relative to the working directory.',
  ),
  revision: textSetting('Branch, tag or commit that is read; a branch is followed.', 'HEAD', {
    pattern: '^[^-\\s:?*\\[\\\\][^\\s:?*\\[\\\\]{0,255}$',
  }),
})

const httpSection = section('Files below an address, read over HTTP(S).', {
  url: optionalSetting('Address (`https://…`) that the paths of files are put behind.'),
  hosts: listSetting('Further hosts (`name` or `name:port`) that redirects may lead to.', []),
  list: optionalSetting('Address of a text with one path a line; without it the files cannot be listed.'),
  privateNetworks: listSetting(
    'Networks (`10.0.0.0/8`) that the hosts may be in although they are not of the internet; all others are refused.',
    [],
  ),
})

const limitsSection = section('How the origin is spared, and kept from slowing the others.', {
  timeoutMs: integerSetting('A read without an answer for so long has failed, milliseconds.', 4_000, {
    minimum: 50,
    maximum: 600_000,
  }),
})

export const originSection = section(
  'Where its files are read from: exactly one of `directory`, `git.repository` and `http.url` is set.',
  {
    directory: optionalSetting('Directory with the files; relative to the working directory.'),
    git: gitSection,
    http: httpSection,
    limits: limitsSection,
  },
)
