/** Settings of one workspace's origin: which it is, and how it is spared. docs/origins.md says what each kind does. */
import {
  integerSetting,
  listSetting,
  numberSetting,
  optionalSetting,
  section,
  switchSetting,
  textSetting,
} from './setting.ts'

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

const s3Section = section(
  'The objects of an S3-compatible bucket. Credentials come as the AWS SDK finds them (its variables, files, the role of the machine), never from here.',
  {
    bucket: optionalSetting('Name of the bucket.'),
    prefix: textSetting('Put before every path; with a slash at its end if it is a folder.', ''),
    endpoint: optionalSetting("Address of the service; none: Amazon's of the region."),
    region: textSetting('Region.', 'us-east-1'),
    pathStyle: switchSetting(
      'Whether the bucket stands in the path of addresses, as most services but Amazon’s need it.',
      false,
    ),
  },
)

const limitsSection = section('How the origin is spared, and kept from slowing the others.', {
  concurrency: integerSetting(
    'Requests that one process has in flight there; below `warm.concurrency`, so that an origin that hangs leaves room for the others.',
    8,
    { minimum: 1, maximum: 1_024 },
  ),
  timeoutMs: integerSetting('A read without an answer for so long has failed, milliseconds.', 4_000, {
    minimum: 50,
    maximum: 600_000,
  }),
  retryShare: numberSetting('Retries for each request in the long run.', 0.1, { minimum: 0, maximum: 1 }),
  failureShare: numberSetting(
    'Share of failures among the last 20 requests (and at least 5) above which it is left alone.',
    0.5,
    { minimum: 0.05, maximum: 0.95 },
  ),
  restMs: integerSetting(
    'How long it is then left alone, milliseconds; doubled, up to a minute, as long as it does not recover.',
    5_000,
    { minimum: 100, maximum: 600_000 },
  ),
})

export const originSection = section(
  'Where its files are read from: exactly one of `directory`, `git.repository`, `http.url` and `s3.bucket` is set.',
  {
    directory: optionalSetting('Directory with the files; relative to the working directory.'),
    git: gitSection,
    http: httpSection,
    s3: s3Section,
    limits: limitsSection,
  },
)
