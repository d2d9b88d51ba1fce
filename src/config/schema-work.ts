/** Settings of the work: which workspaces there are, and how ingest, predict and warm go about it. */
import { Type } from 'typebox'
import { ACCURACY_TARGET } from '../model/accuracy-alarm.ts'
import { COMMAND_FILES_MAX } from '../warming/run/batch-size.ts'
import { originSection } from './schema-origin.ts'
import { triggerMembers } from './schema-strategies.ts'
import {
  choiceSetting,
  integerSetting,
  listSetting,
  maybe,
  named,
  numberSetting,
  optionalSetting,
  section,
  switchSetting,
} from './setting.ts'

/** Names of workspaces: a repository's name, with its owners before it where that helps. */
const WORKSPACE_NAMES = '^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$'

export const workspacesSection = named(
  'The workspaces that are warmed, by name. Accesses of others are learned too, but nothing of them is read or warmed.',
  WORKSPACE_NAMES,
  section('One workspace.', {
    origin: originSection,
    accuracyTarget: numberSetting(
      'Share of warmed files that should be read in time; below it of late, a warning is logged.',
      ACCURACY_TARGET,
      { minimum: 0, maximum: 1 },
    ),
    ...triggerMembers,
  }),
)

export const ingestSection = section('The process that folds accesses and outcomes into the models.', {
  batchRecordsMax: integerSetting('Records folded before the model is written.', 500, { minimum: 1, maximum: 10_000 }),
  filesInMemoryMax: integerSetting('Files of all models that one process keeps in memory.', 400_000, {
    minimum: 1_000,
  }),
  acceptTruncated: switchSetting(
    'Whether ingest goes on although records that a model lacks are gone from the log, at what is left of it. For one start: see docs/operations.md.',
    false,
  ),
})

export const predictSection = section('The process that predicts reads and issues warm commands.', {
  predictor: choiceSetting(
    "Who decides what is warmed: a scorer that learns online what the cache will lack, the models' frequencies, or the manual's fixed rules.",
    ['learned', 'models', 'manual'],
    'learned',
  ),
  aggressiveness: choiceSetting(
    'How much a wasted warm may cost: low warms only what is nearly sure, high also what is merely likely.',
    ['low', 'medium', 'high'],
    'medium',
  ),
  precedents: switchSetting(
    'Predict what a workspace has never read from what the same analyzer read next in other workspaces. Paths of one workspace are candidates in others then: switch it off where tenants must not learn of each other.',
    true,
  ),
  horizonMs: integerSetting('How far ahead a prediction claims a read, milliseconds.', 10 * 60_000, {
    minimum: 1_000,
    maximum: 86_400_000,
  }),
  cacheFiles: integerSetting(
    'Files that the cache holds, about: what the learned scorer begins with. Whether reads find their files moves it from there.',
    50_000,
    { minimum: 16 },
  ),
  latencyMs: maybe(
    'What a warm takes from the read that led to it until its file is in the cache, milliseconds: what the learned predictor reckons with. Measured unless set.',
    Type.Integer({ minimum: 0 }),
  ),
  workspacesMax: integerSetting(
    'Workspaces that one process follows with the learned scorer, up to some 40 MB each; the one least recently read leaves, and comes back from its stored sessions.',
    64,
    { minimum: 1 },
  ),
  tickMs: integerSetting('Time between two rounds of predictions by the clock, milliseconds.', 60_000, {
    minimum: 1_000,
  }),
  filesPerSecondMax: integerSetting('Files a second that are predicted for one workspace in the long run.', 5_000, {
    minimum: 1,
  }),
  commandFilesMax: integerSetting('Files of one warm command.', 64, { minimum: 1, maximum: COMMAND_FILES_MAX }),
  commandBytesMax: integerSetting('Bytes that one warm command may bring in.', 64 * 1_048_576, { minimum: 1_024 }),
  pressureMax: numberSetting('Share of the cache held by live values at which its warming stops.', 0.85, {
    minimum: 0,
    maximum: 1,
  }),
  decisionsFolder: optionalSetting(
    'Folder in which the learned predictor keeps what it decides, one CSV a process without end: to judge it afterwards, as docs/prediction.md shows. None unless set.',
  ),
  batchRecordsMax: integerSetting('Records handled before commands are issued.', 100, { minimum: 1, maximum: 10_000 }),
})

export const warmSection = section('The process that carries out warm commands.', {
  concurrency: integerSetting('Files that one worker has in flight.', 16, { minimum: 1, maximum: 1_024 }),
  batchRecordsMax: integerSetting('Commands taken at once.', 16, { minimum: 1, maximum: 1_000 }),
  leaseMs: integerSetting('How long a worker alone may load a file, milliseconds.', 10_000, { minimum: 1_000 }),
  plugins: listSetting(
    "Modules with layers of the fleet's own (docs/layers.md): paths, relative to the working directory.",
    [],
  ),
  produceMs: integerSetting('How long making a layer of one file may take, milliseconds.', 5_000, {
    minimum: 100,
    maximum: 60_000,
  }),
  attemptsMax: integerSetting('Tries for a file whose origin or cache fails for the moment.', 3, {
    minimum: 1,
    maximum: 10,
  }),
  limits: section('What all workers on one cache may do together; each of them must have the same.', {
    bytesPerSecondMax: integerSetting('Bytes of values that are put into the cache a second; 0: no limit.', 0),
    filesPerSecondMax: integerSetting('Files that are loaded a second; 0: no limit.', 0),
    originRequestsPerSecondMax: integerSetting(
      'Calls to origins a second, reads and looks for a version; 0: no limit.',
      0,
    ),
  }),
  governor: section('When a worker slows down to spare those who use the cache and the origins too.', {
    growthMax: numberSetting(
      'Share by which the latency of calls may grow over what it was at its best; 0.5 is half as much again.',
      0.5,
      { minimum: 0 },
    ),
    cacheSlackMs: integerSetting(
      'Growth of the cache below this is what a busy worker itself causes, milliseconds.',
      5,
    ),
    originSlackMs: integerSetting('The same of an origin, milliseconds.', 20),
  }),
})
