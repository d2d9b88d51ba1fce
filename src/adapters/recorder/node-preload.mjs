/**
 * Loaded into a recorded Node process before its program (`--import`): notes which files it opens, through the public
 * entry points of node:fs and the module loader, and writes a line for each into the recorder's pipe. It must never
 * disturb the program: whatever goes wrong here ends the noting, not the program. Plain JavaScript, since the program may
 * run on an older Node than we do.
 */
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import * as nodeModule from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const { closeSync, openSync, writeSync, realpathSync } = fs
let pipe = openPipe(new URL(import.meta.url).searchParams.get('pipe'))

/** @param {string | null} path */
function openPipe(path) {
  try {
    if (path === null) return null
    // Fails at once when the recorder is gone; opening for blocking writes would wait for it for ever.
    closeSync(openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK))
    return openSync(path, 'w')
  } catch {
    return null
  }
}

/** A line is shorter than the pipe's atomic size, or processes would write into one another's lines. */
const LINE_BYTES_MAX = 4_096

/** @param {string | null} path Null says only that a process began. */
function put(path) {
  if (pipe === null) return
  try {
    const line = Buffer.from(`${JSON.stringify([Date.now(), path])}\n`)
    if (line.length <= LINE_BYTES_MAX) writeSync(pipe, line)
  } catch {
    // The recorder is gone.
    pipe = null
  }
}

/**
 * What the module loader was last seen to load: for CommonJS it then reads the file by node:fs, which is no new read.
 * @type {string | null}
 */
let justLoaded = null

/**
 * Notes a file that was opened; descriptors and what is no path are left out.
 * @param {unknown} file
 */
function note(file) {
  const path = realPathOf(file)
  if (path !== null && path !== justLoaded) put(path)
  justLoaded = null
}

/** @param {string} url */
function noteLoaded(url) {
  note(new URL(url))
  justLoaded = realPathOf(new URL(url))
}

/** @param {unknown} file */
function realPathOf(file) {
  try {
    const path = file instanceof URL ? fileURLToPath(file) : Buffer.isBuffer(file) ? file.toString() : file
    return typeof path === 'string' ? realpathSync(resolve(path)) : null
  } catch {
    // No such file: nothing is read.
    return null
  }
}

/**
 * Flags as node:fs takes them: text, or the numbers of open(2) (0 read, 1 write, 2 both).
 * @param {unknown} flags
 */
const isReading = (flags) =>
  flags === undefined || typeof flags === 'function' || flags === 'r' || flags === 'rs' || flags === 'r+' || flags === 0

/** Some methods are made of others: readFileSync of openSync. Only the outer one is a read. */
let isNested = false

/**
 * Replaces a method by one that notes its first argument when `reads` says so.
 * @param {object} owner
 * @param {string} name
 * @param {(args: readonly unknown[]) => boolean} reads
 */
function wrap(owner, name, reads) {
  const original = Reflect.get(owner, name)
  if (typeof original !== 'function') return
  /** @type {(this: unknown, ...args: unknown[]) => unknown} */
  const wrapped = function (...args) {
    if (isNested) return Reflect.apply(original, this, args)
    if (reads(args)) note(args[0])
    isNested = true
    try {
      return Reflect.apply(original, this, args)
    } finally {
      isNested = false
    }
  }
  // Properties such as util.promisify.custom belong to the method.
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original))
  Reflect.set(owner, name, wrapped)
}

const always = () => true
/** @param {readonly unknown[]} args */
const byFlags = (args) => isReading(args[1])
for (const owner of [fs, fsPromises]) {
  wrap(owner, 'readFile', always)
  wrap(owner, 'open', byFlags)
}
wrap(fs, 'readFileSync', always)
wrap(fs, 'openSync', byFlags)
nodeModule.syncBuiltinESMExports()

/** The loader reads modules by ways of its own; newer versions of Node let us see what it loads. */
const registerHooks = Reflect.get(nodeModule, 'registerHooks')
if (typeof registerHooks === 'function') {
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) noteLoaded(url)
      return next(url, context)
    },
  })
}

put(null)
