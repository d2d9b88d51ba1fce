// What `npm start` was asked for. Plain JavaScript on built-in modules alone, for .bin/run.mjs answers by it before anything
// is installed: nobody waits minutes to hear of `--help` or of a slip.
import { parseArgs } from 'node:util'

const USAGE = `usage: npm start -- [--once] [--json] [--rounds N] [--fresh]
  --once    end after the demonstration instead of staying up; waits until every prediction is settled
  --json    the last line on standard output is one JSON object with the figures
  --rounds  rounds before and after learning (3)
  --fresh   forget what an earlier run has learned`

export function understood(args) {
  try {
    const { values: options } = parseArgs({ args, options: OPTIONS })
    if (options.help) return { answer: USAGE, status: 0 }
    if (!/^(?:[2-9]|[1-9]\d+)$/.test(options.rounds))
      throw new Error(`--rounds ${options.rounds}: a whole number from 2 on`)
    return { options: { ...options, rounds: Number(options.rounds) } }
  } catch (cause) {
    return { answer: `forewarm: ${cause.message}\n${USAGE}`, status: 2 }
  }
}

const OPTIONS = {
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  rounds: { type: 'string', default: '3' },
}
