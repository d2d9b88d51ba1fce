import type { WeighedFile, WeighedSession } from '../model/prediction/weighed.ts'

/** What a predictor makes of an open session, as tools show it. */

export type OutlookFile = WeighedFile & {
  /** In the control group: it is predicted and settled, and never warmed. */
  readonly control: boolean
}

export type SessionOutlook = Omit<WeighedSession, 'files'> & {
  readonly workspace: string
  /** Nothing is warmed now: warming of the workspace, or of all, is paused. */
  readonly paused: boolean
  readonly files: readonly OutlookFile[]
}
