/** How a command and whoever started it end each other. */

/** Aborted by the first signal that asks to stop. */
export function interrupted(): AbortSignal {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)))
  return stopping.signal
}

/** A reader that has seen enough (`| head`) closes the pipe: that ends the command, and is no failure of it. */
export function endWithReader(): void {
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EPIPE') throw cause
    process.exit(0)
  })
}
