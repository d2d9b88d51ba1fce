/** `forewarm token`: makes and revokes bearer tokens of the gateway. A token is shown once; files know its SHA-256. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { parseDocument, stringify } from 'yaml'
import { TOKEN_VERBS } from '../config/schema-serve.ts'
import { tokensFrom } from '../config/tokens.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { CommandContext } from './context.ts'

/** More than anybody can guess. */
const TOKEN_BYTES = 32

type CreateOptions = {
  readonly workspace: readonly string[]
  readonly verb?: readonly string[]
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
  const sha256 = createHash('sha256').update(token).digest('hex')
  const verbs = options.verb === undefined ? {} : { verbs: options.verb }
  const entry = { sha256, workspaces: options.workspace, ...verbs }
  const file = options.file ?? settings().gateway.tokensFile
  if (file === null) tokensFrom(stringify({ [name]: entry }), 'the token')
  else add(file, name, entry)
  const where = file === null ? `\nPut this below gateway.tokens:\n\n${stringify({ [name]: entry })}` : `in ${file}\n`
  const text = `${token}\n\nShown only now. ${where}`
  write(options.json ? `${JSON.stringify({ name, token, file, entry })}\n` : text)
}

function add(file: string, name: string, entry: object): void {
  const document = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '')
  if (document.has(name)) {
    throw new ForewarmError('FW_CONFIG_INVALID', `${file} has a token ${name} already: revoke it, or take another name`)
  }
  document.set(name, entry)
  replace(file, document.toString())
}

function revoke(name: string, file: string): void {
  const document = parseDocument(readFileSync(file, 'utf8'))
  if (!document.delete(name)) throw new ForewarmError('FW_NOT_KNOWN', `${file} has no token ${name}`)
  replace(file, document.toString())
}

/** Whoever reads it meets the old file or the new one, never half of one. */
function replace(file: string, text: string): void {
  tokensFrom(text, file)
  const made = `${file}.${process.pid}`
  writeFileSync(made, text, { mode: 0o600 })
  renameSync(made, file)
}

function neededFile({ settings }: CommandContext, given: string | undefined): string {
  const file = given ?? settings().gateway.tokensFile
  if (file !== null) return file
  throw new ForewarmError(
    'FW_CONFIG_INVALID',
    'there is no tokens file: name it with --file, or set gateway.tokensFile',
  )
}
