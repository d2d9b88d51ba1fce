/** `forewarm token`: makes and revokes bearer tokens of the gateway. A token is shown once; files know its SHA-256. */

import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Document, isMap, parseDocument, stringify } from 'yaml'
import { sha256Hex } from '../adapters/digest.ts'
import { TOKEN_VERBS } from '../config/schema-gateway.ts'
import { tokensFrom } from '../config/tokens.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { CommandContext } from './context.ts'

/** More than anybody can guess. */
const TOKEN_BYTES = 32

const DAY_MS = 86_400_000
const DAYS_MAX = 36_500

type CreateOptions = {
  readonly workspace: readonly string[]
  readonly verb?: readonly string[]
  readonly days?: number
  readonly file?: string
  readonly json?: true
}

export function tokenCommand(context: CommandContext): Command {
  const command = new Command('token').description('make and revoke bearer tokens of the gateway')
  command
    .command('create')
    .description('make a token and show it once; the tokens file (gateway.tokensFile) gets only its SHA-256')
    .argument('<name>', 'name of the token, for logs')
    .requiredOption('-w, --workspace <name...>', 'workspaces that it is for; * for all')
    .addOption(new Option('--verb <verb...>', 'what it may do; all but admin where none is named').choices(TOKEN_VERBS))
    .option('--days <days>', 'days until it ends; it holds until it is revoked where none are named', readDays)
    .option('--file <file>', 'tokens file, in place of gateway.tokensFile')
    .option('--json', 'as JSON')
    .action((name: string, options: CreateOptions) => create(context, name, options))
  command
    .command('revoke')
    .description('take a token out of the tokens file; gateways refuse it a second later')
    .argument('<name>', 'name of the token')
    .option('--file <file>', 'tokens file, in place of gateway.tokensFile')
    .option('--json', 'as JSON')
    .action((name: string, { file, json }: { file?: string; json?: true }) => {
      revoke(name, neededFile(context, file))
      context.write(json ? `${JSON.stringify({ revoked: name })}\n` : `revoked ${name}\n`)
    })
  return command
}

function create({ settings, write }: CommandContext, name: string, options: CreateOptions): void {
  const token = `fw_${randomBytes(TOKEN_BYTES).toString('base64url')}`
  const sha256 = sha256Hex(token)
  const verbs = options.verb === undefined ? {} : { verbs: options.verb }
  const { days } = options
  const ends = days === undefined ? {} : { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() }
  const entry = { sha256, workspaces: options.workspace, ...verbs, ...ends }
  const file = options.file ?? settings().gateway.tokensFile
  if (file === null) tokensFrom(stringify({ [name]: entry }), { file: 'the token' })
  else add(file, name, entry)
  const where = file === null ? `\nPut this below gateway.tokens:\n\n${stringify({ [name]: entry })}` : `in ${file}\n`
  const text = `${token}\n\nShown only now. ${where}`
  write(options.json ? `${JSON.stringify({ name, token, file, entry })}\n` : text)
}

function readDays(text: string): number {
  const days = Number(text)
  if (days > 0 && days <= DAYS_MAX) return days
  throw new InvalidArgumentError(`must be a number of days up to ${DAYS_MAX}.`)
}

function add(file: string, name: string, entry: object): void {
  const document = existsSync(file) ? documentIn(file) : parseDocument('')
  if (document.has(name)) {
    throw new ForewarmError('FW_CONFIG_INVALID', `${file} has a token ${name} already: revoke it, or take another name`)
  }
  document.set(name, entry)
  replace(file, document.toString())
}

function revoke(name: string, file: string): void {
  const document = documentIn(file)
  if (!document.delete(name)) throw new ForewarmError('FW_NOT_KNOWN', `${file} has no token ${name}`)
  if (isMap(document.contents) && document.contents.items.length === 0) {
    const mend = 'make another one first, which gateways need to let anybody in'
    throw new ForewarmError('FW_CONFIG_INVALID', `${name} is the only token of ${file}: ${mend}`)
  }
  replace(file, document.toString())
}

function documentIn(file: string): Document {
  const document = parseDocument(withFile(file, 'read', () => readFileSync(file, 'utf8')))
  if (document.errors.length === 0 && (document.contents === null || isMap(document.contents))) return document
  throw new ForewarmError('FW_CONFIG_INVALID', `${file} is no file of tokens: name another one`)
}

/** Whoever reads it meets the old file or the new one, never half of one; and whoever could read the old one. */
function replace(file: string, text: string): void {
  tokensFrom(text, { file })
  withFile(file, 'written', () => {
    const real = existsSync(file) ? realpathSync(file) : file
    const made = `${real}.${process.pid}`
    writeFileSync(made, text, { mode: 0o600 })
    if (existsSync(real)) copyOwner(real, made)
    renameSync(made, real)
  })
}

/** Only root can give a file to others; else it is its user's, as it would be if it were written in place. */
function copyOwner(from: string, to: string): void {
  const { mode, uid, gid } = statSync(from)
  if (process.getuid?.() === 0) chownSync(to, uid, gid)
  chmodSync(to, mode & 0o777)
}

/** What the machine says of a file that cannot be had is told as what is wrong with the file. */
function withFile<Result>(file: string, done: 'read' | 'written', work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    const mend = done === 'read' ? 'name an existing one' : 'name one in a folder that may be written'
    throw new ForewarmError('FW_CONFIG_INVALID', `the tokens file ${file} cannot be ${done}: ${mend}`, { cause })
  }
}

function neededFile({ settings }: CommandContext, given: string | undefined): string {
  const file = given ?? settings().gateway.tokensFile
  if (file !== null) return file
  throw new ForewarmError(
    'FW_CONFIG_INVALID',
    'there is no tokens file: name it with --file, or set gateway.tokensFile',
  )
}
