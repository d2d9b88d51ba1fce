/** A plan that is only shown. */
import type { FollowedPlan } from '../../flows/predict/runs/planner.ts'
import { planWords } from '../../warming/run/end.ts'
import type { PlanEntry } from '../../warming/run/plan.ts'
import { printable } from '../printable.ts'
import { count } from './figures.ts'

/** The plan as text, or as one JSON object a line: one file each. */
export function planText({ entries, filesWithin, imports }: FollowedPlan, json: boolean): string {
  if (json) {
    return entries.map((entry, place) => `${JSON.stringify({ ...entry, within: place < filesWithin })}\n`).join('')
  }
  const over = entries.length - filesWithin
  const cut = over === 0 ? '' : `, ${count(over)} of them over the limit of files`
  const lacking = imports === undefined ? '' : `; ${planWords({ imports })}`
  return `${entries.map(lineOf).join('')}${count(entries.length)} files planned${cut}${lacking}; nothing was warmed\n`
}

function lineOf({ path, layer, reason, probability }: PlanEntry): string {
  const likely = probability === 1 ? '' : ` ${(100 * probability).toFixed(0)} %`
  return `${printable(path)}${layer === 'content' ? '' : ` [${printable(layer)}]`}  (${printable(reason)}${likely})\n`
}
