import { join } from 'node:path'
import { runCommand } from './command.ts'
import { requireJava } from './java.ts'
import { fetchKafka } from './kafka.ts'

/** Gives users (name to password) their SCRAM-SHA-512 passwords, for which kafkajs has no call. */
export async function setScramPasswords(broker: string, users: Readonly<Record<string, string>>): Promise<void> {
  const java = requireJava(17, 'setting SCRAM passwords')
  const program = join(import.meta.dirname, 'AlterScram.java')
  const flags = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(await fetchKafka(), '*')]
  await runCommand(java.binary, [...flags, program, broker, ...Object.entries(users).flat()], {
    mend: 'see whether the broker runs, and whether the Java found is a whole JDK',
  })
}
