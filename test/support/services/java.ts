import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { runCommand, ServiceError } from './command.ts'
import { cacheRoot } from './locations.ts'

export type Java = { binary: string; major: number }

const virtualMachineFolders = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines']
const mavenMend = 'install Maven (Debian: apt-get install maven) or give addresses, see docs/testing.md'

/** The newest Java of at least `majorMin` among JAVA_HOME, the PATH and the usual folders, if there is one. */
export function findJava(majorMin: number): Java | undefined {
  const found = javaHomes().flatMap((home) => javaAt(home) ?? [])
  return found.filter((java) => java.major >= majorMin).sort((a, b) => b.major - a.major)[0]
}

/** As {@link findJava}, with an error that says how to get one. */
export function requireJava(majorMin: number, purpose: string): Java {
  const java = findJava(majorMin)
  if (java) return java
  throw new ServiceError(
    `${purpose} needs Java ${majorMin} or newer, and none was found in JAVA_HOME, the PATH or ${virtualMachineFolders[0]}`,
    `install one (Debian: apt-get install openjdk-${majorMin}-jre-headless) or give addresses, see docs/testing.md`,
  )
}

/**
 * JVM flags for servers that live for seconds: one quick compiler, one collector thread, and an archive of loaded
 * classes named `archive`, which the first JVM leaves behind when it ends in order (Java 19 and newer). Together they
 * take a third of the processor time of a plain start.
 */
export async function quickStartFlags(java: Java, archive: string): Promise<string[]> {
  const flags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
  if (java.major < 19) return flags
  const folder = join(cacheRoot(), 'class-archives')
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${archive}-java-${java.major}.jsa`)
  return [...flags, '-XX:+AutoCreateSharedArchive', `-XX:SharedArchiveFile=${file}`, '-Xlog:cds=off,cds+dynamic=off']
}

/** Runs Maven in batch mode; it brings its own repository settings and cache. */
export async function runMaven(args: readonly string[], cwd: string): Promise<void> {
  await runCommand('mvn', ['-B', '-q', ...args], { cwd, mend: mavenMend })
}

function javaHomes(): string[] {
  const homes: string[] = []
  if (process.env['JAVA_HOME']) homes.push(process.env['JAVA_HOME'])
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const binary = join(folder, 'java')
    if (existsSync(binary)) homes.push(resolve(realpathSync(binary), '../..'))
  }
  for (const folder of virtualMachineFolders.filter((folder) => existsSync(folder))) {
    for (const name of readdirSync(folder)) homes.push(join(folder, name), join(folder, name, 'Contents/Home'))
  }
  return [...new Set(homes)]
}

/** Reads the version from the `release` file that every Java keeps: starting each to ask it takes too long. */
function javaAt(home: string): Java | undefined {
  const [binary, release] = [join(home, 'bin/java'), join(home, 'release')]
  if (!existsSync(binary) || !existsSync(release)) return undefined
  const version = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))
  return version ? { binary, major: Number(version[1]) } : undefined
}
