/** `forewarm config`: what the settings are, and what they can be. */
import { Command } from 'commander'
import { stringify } from 'yaml'
import { documentedSettings, redacted, settingsReference } from '../config/print.ts'
import { settingsSchema } from '../config/schema.ts'
import type { CommandContext } from './context.ts'

export function configCommand({ settings, write }: CommandContext): Command {
  const command = new Command('config').description('show the settings that hold, and all that there are')
  command
    .command('print')
    .description('the settings that hold now, secrets hidden')
    .option('--json', 'as JSON instead of YAML')
    .action(({ json }: { json?: true }) => {
      const shown = redacted(settings())
      write(json ? `${JSON.stringify(shown, null, 2)}\n` : stringify(shown))
    })
  command
    .command('schema')
    .description('the JSON Schema of the settings file')
    .option('--json', 'it is JSON always')
    .action(() => write(`${JSON.stringify(settingsSchema, null, 2)}\n`))
  command
    .command('reference')
    .description('all settings with their variables and defaults, in Markdown')
    .option('--json', 'as one JSON list')
    .action(({ json }: { json?: true }) =>
      write(json ? `${JSON.stringify(documentedSettings())}\n` : settingsReference()),
    )
  return command
}
