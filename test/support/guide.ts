/**
 * Runs a guide of docs/ the way a reader would: top to bottom, in one shell.
 *
 * - A `sh` block is run; one that begins with `# in a terminal of its own` keeps running until the guide is through.
 * - Any other block that begins with a comment naming a file (`# forewarm.yaml`) is written to that file.
 * - A `text` block is what the block before it prints: each of its lines is found there, whatever the numbers are; `…`
 *   stands for anything.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tail } from './services/command.ts'
import { repositoryRoot } from './services/locations.ts'
import { watchChild } from './services/reaper.ts'

export type GuideBlock = { readonly kind: string; readonly body: string }

export const blocksOf = (guide: string): readonly GuideBlock[] =>
  [...readFileSync(join(repositoryRoot, guide), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, kind = '', body = '']) => ({ kind, body }),
  )

const SERVICE = '# in a terminal of its own\n'
const FILE = /^(?:#|\/\/) (\S+\.\w+)\n/
/** What a forewarm process says when it is ready. */
const READY = '"msg":"running"'
const READY_SECONDS_MAX = 90

const SHELL = `set -eo pipefail
services=()
end() { for one in "\${services[@]}"; do kill -TERM -- "-$one" 2>/dev/null || true; done; wait; }
trap end EXIT
ready() {
  for _ in $(seq ${READY_SECONDS_MAX * 5}); do grep -q '${READY}' "$1" && return; sleep 0.2; done
  echo "never ready:"; cat "$1"; return 1
}`

const markOf = (at: number): string => `::block ${at}`

function scriptOf(blocks: readonly GuideBlock[]): string {
  const steps = blocks.map(({ kind, body }, at) => {
    const [, file] = FILE.exec(body) ?? []
    if (kind === 'text') return ''
    if (body.startsWith(SERVICE)) {
      const log = `"$HOME/service-${at}.log"`
      return `setsid bash -e <<'END OF FILE' > ${log} 2>&1 &\n${body}END OF FILE\nservices+=($!)\nready ${log}`
    }
    if (kind === 'sh') return `echo '${markOf(at)}'\n${body}`
    if (file === undefined) return ''
    return `mkdir -p "$(dirname ${file})"\ncat > ${file} <<'END OF FILE'\n${body}END OF FILE`
  })
  return [SHELL, ...steps, `echo '${markOf(blocks.length)}'`].join('\n')
}

/** A guide that hangs is ended, and its output shown. */
const RUN_MS_MAX = 400_000

export type GuideRun = { readonly code: number | null; readonly output: string }

/** Runs all blocks; `environment` is all that the shell gets. */
export async function runGuide(
  blocks: readonly GuideBlock[],
  environment: Readonly<Record<string, string>>,
): Promise<GuideRun> {
  const child = spawn('bash', ['-c', scriptOf(blocks)], {
    cwd: environment['HOME'],
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what hangs ends with its shell; services have groups that the shell ends.
    detached: true,
  })
  const { pid } = child
  const stopping = setTimeout(() => pid !== undefined && process.kill(-pid, 'SIGTERM'), RUN_MS_MAX)
  watchChild(child, 'a guide')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const [code] = await once(child, 'close')
  clearTimeout(stopping)
  return { code, output }
}

/** Lines of `text` blocks that the commands before them did not print; empty when the guide is true. */
export function unkeptPromises(blocks: readonly GuideBlock[], { output }: GuideRun): readonly string[] {
  return blocks.flatMap(({ kind, body }, at) => {
    if (kind !== 'text') return []
    const from = output.indexOf(`${markOf(at - 1)}\n`)
    const printed = output.slice(from, output.indexOf('::block ', from + 1))
    return linesOf(body).flatMap((line) =>
      linesOf(printed).some((told) => patternOf(line).test(told))
        ? []
        : [`promised: ${line}\nprinted: ${tail(printed)}`],
    )
  })
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '')

/** Numbers and the space before them may differ, names may not. */
function patternOf(line: string): RegExp {
  const escaped = line.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(escaped.replace(/…/g, '.*').replace(/\d+/g, '\\d+').replace(/ +/g, ' +'))
}
