import { randomUUID } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { DecisionJournal, JournalEntry } from '../../ports/decision-journal.ts'
import { ForewarmError } from '../../ports/errors.ts'
import { csvCell } from './csv.ts'

export const JOURNAL_HEADER = 'at_ms,workspace,session,path,probability,reason'

/**
 * A journal in a file of its own in `folder`, `decisions-HOST-UUID.csv`, made with the first decision: nobody else
 * writes there, and a process that begins anew begins a new file. Rejects with FW_CONFIG_INVALID where there can be no
 * such folder; `onError` hears later that nothing more is written, such as on a full disk.
 */
export async function createDecisionJournal(
  folder: string,
  onError: (error: ForewarmError) => void,
): Promise<DecisionJournal> {
  const file = join(folder, `decisions-${hostname()}-${randomUUID()}.csv`)
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw unwritable(file, cause)
  }
  let opened: { readonly out: WriteStream; readonly ended: Promise<void> } | null = null
  // Tools that only look on decide nothing, and leave no file behind.
  const open = () => {
    const out = createWriteStream(file, { flags: 'wx' })
    const ended = finished(out).catch((cause: unknown) => onError(unwritable(file, cause)))
    out.write(`${JOURNAL_HEADER}\n`)
    return { out, ended }
  }
  return {
    note(entry) {
      opened ??= open()
      if (opened.out.writable) opened.out.write(lineOf(entry))
    },
    async close() {
      opened?.out.end()
      await opened?.ended
    },
  }
}

const lineOf = ({ atMs, workspace, session, path, probability, reason }: JournalEntry): string =>
  `${[atMs, ...[workspace, session ?? '', path].map(csvCell), probability.toFixed(4), reason].join(',')}\n`

const unwritable = (file: string, cause: unknown): ForewarmError =>
  new ForewarmError(
    'FW_CONFIG_INVALID',
    `decisions cannot be written to ${file}: give predict.decisionsFolder a folder that may be written, with room in it`,
    { cause },
  )
