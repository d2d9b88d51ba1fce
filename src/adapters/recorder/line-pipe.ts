import { execFile } from 'node:child_process'
import { constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { ForewarmError } from '../../ports/errors.ts'

/** A named pipe into which other processes write lines. */
export type LinePipe = {
  readonly path: string
  readonly lines: AsyncIterable<string>
  /** Ends `lines` after what has been written until now, also when some process still holds the pipe. */
  end(): void
  /** Removes the pipe; call it after `lines` has ended. */
  remove(): Promise<void>
}

/** No path and no line of strace is like it. */
const END = '\u0004end'

/** Makes a pipe that only this user can open. */
export async function createLinePipe(): Promise<LinePipe> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-record-'))
  const path = join(folder, 'pipe')
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path])
  } catch (cause) {
    await rm(folder, { recursive: true })
    throw new ForewarmError('FW_TOOL_MISSING', 'mkfifo cannot be run: recording needs a Unix system', { cause })
  }
  // Read and write: opening waits for nobody, and the pipe does not end when its first writer does. A socket and no file
  // stream: a file stream's read would hold a thread, and the process, for as long as nothing comes.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const socket = new Socket({ fd, readable: true, writable: true })
  return {
    path,
    lines: readUntilEnd(socket),
    end: () => {
      socket.write(`\n${END}\n`)
    },
    remove: async () => {
      socket.destroy()
      await rm(folder, { recursive: true })
    },
  }
}

async function* readUntilEnd(stream: Socket): AsyncGenerator<string> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === END) return
    if (line !== '') yield line
  }
}
