/** What the dashboards show: panels by dashboard. */
import { accuracyBy, bounds, type Dashboard, increase, OF, panel, quantiles, rate } from './panels.ts'

const PIPELINE: Dashboard = {
  name: 'pipeline',
  title: 'forewarm: pipeline',
  byWorkspace: false,
  panels: [
    panel('ops', 'Accesses learned', {
      of: 'Accesses counted into the models, a second.',
      queries: [{ expr: 'sum(rate(forewarm_ingest_accesses_total[$__rate_interval]))', legend: 'accesses' }],
    }),
    panel('short', 'Lag', {
      of: 'Records that ingest, predict, warm and its pointers have not taken yet. What falls behind warms late.',
      queries: [{ expr: 'sum by (group, topic) (forewarm_consumer_lag)', legend: '{{group}} {{topic}}' }],
    }),
    panel('s', 'From an access to its warm', {
      of: 'Time from the access that led to a command to its files being in the cache.',
      queries: quantiles('forewarm_event_to_warm_duration'),
    }),
    panel('ops', 'Records by fate', {
      of: 'What became of the records that ingest read.',
      queries: [rate('forewarm_ingest_records_total', 'fate')],
    }),
    panel('ops', 'Messages read', {
      of: 'Messages polled from the log, by topic.',
      queries: [rate('messaging_client_consumed_messages_total', 'messaging_destination_name')],
    }),
    panel('ops', 'Messages sent', {
      of: 'Messages appended to the log, by topic.',
      queries: [rate('messaging_client_sent_messages_total', 'messaging_destination_name')],
    }),
    panel('s', 'Time to process a batch', {
      of: 'Time for one batch of a partition, by topic.',
      queries: quantiles('messaging_process_duration', ['messaging_destination_name']),
    }),
    panel('ops', 'Requests to the gateway', {
      of: 'Answers of the gateway by status.',
      queries: [rate('forewarm_gateway_requests_total', 'status')],
    }),
  ],
}

const PREDICTION: Dashboard = {
  name: 'prediction',
  title: 'forewarm: prediction',
  byWorkspace: true,
  panels: [
    panel('percentunit', 'Accuracy', {
      of: 'Hits / (hits + wasted) of what was warmed, of late. Below the target of its workspace an alert is raised.',
      queries: [
        { expr: `max by (workspace) (forewarm_accuracy{${OF}, window="recent"})`, legend: '{{workspace}} of late' },
        { expr: `max by (workspace) (forewarm_accuracy{${OF}, window="all"})`, legend: '{{workspace}} ever' },
      ],
    }),
    panel('percentunit', 'Accuracy by reason', {
      of: 'The same, by what led to the prediction.',
      queries: [accuracyBy('reason')],
    }),
    panel('percentunit', 'Coverage', {
      of: 'Share of the misses without warming that were prevented, with its 95 % interval.',
      queries: bounds('forewarm_coverage'),
    }),
    panel('percentunit', 'Timeliness', {
      of: 'Hits / (hits + late): how many warms were done before the read that they were for.',
      queries: [
        { expr: `max by (workspace) (forewarm_timeliness{${OF}, window="recent"})`, legend: '{{workspace}} of late' },
      ],
    }),
    panel('ops', 'Verdicts', {
      of: 'Settled predictions that were warmed, a second, by verdict.',
      queries: [rate('forewarm_settlements_total', 'verdict', `${OF}, disposition="warmed"`)],
    }),
    panel('Bps', 'Waste', {
      of: 'Bytes of warmed values that nobody read, by reason.',
      queries: [rate('forewarm_warm_wasted_total', 'reason', OF)],
    }),
    panel('s', 'Margin', {
      of: 'Time between a warm and its read: for hits how early it was, for late ones how late.',
      queries: quantiles('forewarm_prediction_margin', ['verdict'], OF),
    }),
    panel('ops', 'Predictions by reason', {
      of: 'Issued predictions, a second.',
      queries: [rate('forewarm_predict_predictions_total', 'reason', OF)],
    }),
    panel('ops', 'Not issued', {
      of: 'Candidates that were not issued, by cause, of all workspaces.',
      queries: [rate('forewarm_predict_suppressed_total', 'cause')],
    }),
    panel('s', 'Time to predict', {
      of: 'Time for one batch of accesses, of all workspaces.',
      queries: quantiles('forewarm_predict_duration'),
    }),
  ],
}

const WARMING: Dashboard = {
  name: 'warming',
  title: 'forewarm: warming',
  byWorkspace: false,
  panels: [
    panel('ops', 'Files by outcome', {
      of: 'What became of the files of warm commands.',
      queries: [rate('forewarm_warm_files_total', 'outcome, detail')],
    }),
    panel('Bps', 'Bytes put', {
      of: 'Bytes that workers put into the cache.',
      queries: [{ expr: 'sum(rate(forewarm_warm_bytes_total[$__rate_interval]))', legend: 'bytes' }],
    }),
    panel('s', 'Time of a command', {
      of: 'Time to carry out one command.',
      queries: quantiles('forewarm_warm_duration'),
    }),
    panel('percentunit', 'Governor', {
      of: 'Share of its files in flight that warming may have; below 1 it gives way to live traffic.',
      queries: [{ expr: 'min by (guards, workspace) (forewarm_warm_governor)', legend: '{{guards}} {{workspace}}' }],
    }),
    panel('percentunit', 'Pressure', {
      of: 'Share of the cache held by live entries, and of its own memory that a worker uses. At the threshold warming stops.',
      queries: [
        { expr: 'max(forewarm_cache_pressure)', legend: 'cache' },
        { expr: 'max(forewarm_worker_memory)', legend: 'worker' },
      ],
    }),
    panel('s', 'Waits for a limit', {
      of: 'Time that files waited for a limit, by limit.',
      queries: quantiles('forewarm_warm_throttled', ['limit']),
    }),
    panel('short', 'Open runs', {
      of: 'Runs that are being carried out.',
      queries: [{ expr: 'sum(forewarm_runs_open)', legend: 'open' }],
    }),
    panel('short', 'Ended runs', {
      of: 'Runs by the state that they ended in.',
      queries: [increase('forewarm_runs_ended_total', 'state')],
    }),
    panel('short', 'Files of ended runs', {
      of: 'What became of the files of runs.',
      queries: [increase('forewarm_runs_files_total', 'outcome, detail')],
    }),
    panel('s', 'Time of a run', {
      of: 'Time from the request of a run to its end, by state.',
      queries: quantiles('forewarm_runs_duration', ['state']),
    }),
  ],
}

const CACHE: Dashboard = {
  name: 'cache',
  title: 'forewarm: cache',
  byWorkspace: true,
  panels: [
    panel('percentunit', 'Hit rate with warming', {
      of: 'Share of reads that the cache answered, with its 95 % interval, since the model began.',
      queries: bounds('forewarm_hit_rate', ', warming="with"'),
    }),
    panel('percentunit', 'Hit rate without warming', {
      of: 'The same of the control group, which is never warmed.',
      queries: bounds('forewarm_hit_rate', ', warming="without"'),
    }),
    panel('short', 'Misses prevented', {
      of: 'Misses that warming has prevented since the model began, with the 95 % interval.',
      queries: bounds('forewarm_misses_prevented'),
    }),
    panel('ops', 'Reads by outcome', {
      of: 'Reads of files that may be warmed. A warm hit is the first read of an entry that a worker put there.',
      queries: [rate('forewarm_access_outcomes_total', 'outcome', `${OF}, group="treated"`)],
    }),
    panel('ops', 'Reads of the control group', {
      of: 'Reads of files that are never warmed, by outcome.',
      queries: [rate('forewarm_access_outcomes_total', 'outcome', `${OF}, group="control"`)],
    }),
    panel('s', 'Time of Redis commands', {
      of: 'Time of commands to both Redis, by name of the command.',
      queries: quantiles('db_client_operation_duration', ['db_operation_name']),
    }),
  ],
}

const HEALTH: Dashboard = {
  name: 'health',
  title: 'forewarm: health',
  byWorkspace: false,
  panels: [
    panel('short', 'Dead letters', {
      of: 'Records that could not be read, by topic and reason. Anything above 0 wants a look.',
      queries: [increase('forewarm_dead_letters_total', 'topic, reason')],
    }),
    panel('short', 'Dropped accesses', {
      of: 'Accesses that a full publisher dropped, by cause: learning misses them.',
      queries: [increase('forewarm_publisher_dropped_total', 'cause')],
    }),
    panel('ops', 'Writes of models', {
      of: 'Compare-and-set writes by result. Many that are ahead: two owners of one partition.',
      queries: [rate('forewarm_ingest_applies_total', 'result')],
    }),
    panel('percentunit', 'Memory of the model Redis', {
      of: 'Share of its maxmemory that is in use. When it is full nothing is learned.',
      queries: [{ expr: 'max(forewarm_model_memory)', legend: 'memory' }],
    }),
    panel('short', 'Evicted from the model Redis', {
      of: 'Keys that it has evicted. Anything above 0 is lost evidence: it must run on noeviction.',
      queries: [{ expr: 'max(forewarm_model_evicted)', legend: 'keys' }],
    }),
    panel('short', 'Workspaces below their target', {
      of: '1 while the accuracy of a workspace is below what it wants.',
      queries: [{ expr: 'max by (workspace) (forewarm_accuracy_low)', legend: '{{workspace}}' }],
    }),
    panel('short', 'Circuit breakers of origins', {
      of: '0 closed, 1 probing, 2 open: its files end as failed.',
      queries: [{ expr: 'max by (workspace) (forewarm_origin_breaker)', legend: '{{workspace}}' }],
    }),
    panel('ops', 'Requests to origins', {
      of: 'Requests by operation and outcome.',
      queries: [rate('forewarm_origin_requests_total', 'operation, outcome')],
    }),
    panel('s', 'Time of requests to origins', {
      of: 'Time of requests by operation.',
      queries: quantiles('forewarm_origin_duration', ['operation']),
    }),
    panel('s', 'Time of calls to the log', {
      of: 'Time of operations of the log client, by operation.',
      queries: quantiles('messaging_client_operation_duration', ['messaging_operation_name']),
    }),
  ],
}

export const DASHBOARDS: readonly Dashboard[] = [PIPELINE, PREDICTION, WARMING, CACHE, HEALTH]
