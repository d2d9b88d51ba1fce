import type { CodedTopic, TopicValues } from '../ports/codec.ts'
import { accessEventForm } from './access-event.ts'
import type { RecordForm } from './record-form.ts'
import { warmCommandForm } from './warm-command.ts'
import { warmOutcomeForm } from './warm-outcome.ts'
import { warmRequestForm } from './warm-request.ts'

/** The form of every topic's records. */
export const RECORD_FORMS: { readonly [Topic in CodedTopic]: RecordForm<TopicValues[Topic]> } = {
  'access-events': accessEventForm,
  'warm-requests': warmRequestForm,
  'warm-commands': warmCommandForm,
  'warm-outcomes': warmOutcomeForm,
}

/** All topics with a form; a topic's place here is part of its local schema ids, so only ever add at the end. */
export const CODED_TOPICS = ['access-events', 'warm-requests', 'warm-commands', 'warm-outcomes'] as const
