import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { cached } from './download-cache.ts'
import { findJava, type Java, quickStartFlags, requireJava, runMaven } from './java.ts'
import { makeRunFolder } from './locations.ts'
import { freePort } from './ports.ts'
import { ServerProcess } from './server-process.ts'

/** Apicurio's newest needs Java 21; the older one speaks the same Confluent API and runs on Java 17. */
const oldest = { version: '3.0.9', javaMin: 17, jar: 'apicurio-registry-app-3.0.9-runner.jar' }
export const newestRegistry = { version: '3.3.3', javaMin: 21, jar: 'quarkus-run.jar' }
const versions = [newestRegistry, oldest]
const confluentPath = '/apis/ccompat/v7'

export type RegistryOptions = {
  /** Bootstrap servers of the Kafka that keeps the schemas; in memory when absent, and then lost by a restart. */
  kafka?: readonly string[]
  /** Address at which clients reach it; the loopback unless told. */
  host?: string
}

export type Registry = {
  /** The base address of the Confluent API. */
  url: string
  version: string
  process: ServerProcess
  stop: () => Promise<void>
}

/** Starts a schema registry of its own and resolves once its Confluent API answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { version, java, jar } = chooseVersion()
  const jars = await fetchRegistry(version)
  const [folder, port] = [await makeRunFolder('registry'), await freePort()]
  const host = options.host ?? '127.0.0.1'
  const url = `http://${host}:${port}${confluentPath}`
  const flags = await quickStartFlags(java, `apicurio-registry-${version}`)
  const server = new ServerProcess({
    name: `Apicurio Registry ${version}`,
    command: java.binary,
    args: ['-Xms64m', '-Xmx384m', ...flags, ...settings(host, port, options), '-jar', join(jars, jar)],
    cwd: folder,
    logFile: join(folder, 'server.log'),
    isReady: () => answers(`${url}/subjects`),
    mend: `read ${join(folder, 'server.log')}`,
  })
  await server.start()
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { url, version, process: server, stop }
}

function chooseVersion(): { version: string; jar: string; java: Java } {
  for (const each of versions) {
    const java = findJava(each.javaMin)
    if (java) return { ...each, java }
  }
  // Fails with what to do about it.
  return { ...oldest, java: requireJava(oldest.javaMin, 'Apicurio Registry') }
}

/** The folder with the registry's jars, downloaded first if need be. */
export function fetchRegistry(version: string): Promise<string> {
  return cached(`apicurio-registry-${version}`, async (unfinished) => {
    const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`
    await runMaven(['dependency:copy', `-Dartifact=${artifact}`, '-DoutputDirectory=.'], unfinished)
    const archive = join(unfinished, `apicurio-registry-app-${version}-all.tar.gz`)
    await runCommand('tar', ['xzf', archive, '-C', unfinished], { mend: 'install tar and gzip' })
    await rm(archive)
  })
}

function settings(host: string, port: number, { kafka }: RegistryOptions): string[] {
  const storage = kafka
    ? ['-Dapicurio.storage.kind=kafkasql', `-Dapicurio.kafkasql.bootstrap.servers=${kafka.join()}`]
    : []
  return [
    `-Dquarkus.http.host=${host}`,
    `-Dquarkus.http.port=${port}`,
    // Its second HTTP server (health, metrics) would take port 9000: two registries could not run side by side.
    '-Dquarkus.management.host=127.0.0.1',
    '-Dquarkus.management.port=0',
    '-Dquarkus.http.access-log.enabled=false',
    ...storage,
  ]
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
