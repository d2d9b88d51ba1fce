/** Strimzi's API, which no registry carries as a schema: its own Java classes read the resources, and drop or keep nothing. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from '../../services/download-cache.ts'
import { requireJava, runMaven } from '../../services/java.ts'
import type { Manifest } from '../chart.ts'
import { runOn } from '../run.ts'

const VERSION = '0.49.0'
const MAVEN = 'http://maven.apache.org/POM/4.0.0'
const project = `<project xmlns="${MAVEN}"><modelVersion>4.0.0</modelVersion>
<groupId>forewarm</groupId><artifactId>strimzi-api</artifactId><version>1</version>
<dependencies><dependency><groupId>io.strimzi</groupId><artifactId>api</artifactId><version>${VERSION}</version></dependency>
</dependencies></project>
`

/** What Strimzi's classes find wrong with these resources, a line each. */
export async function strimziProblems(resources: readonly Manifest[]): Promise<readonly string[]> {
  const java = requireJava(17, 'the check of Strimzi resources')
  const folder = await cached(`strimzi-api-${VERSION}`, async (unfinished) => {
    await writeFile(join(unfinished, 'pom.xml'), project)
    await runMaven(['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libs'], unfinished)
  })
  const program = join(import.meta.dirname, 'ReadStrictly.java')
  const args = ['-XX:TieredStopAtLevel=1', '-cp', join(folder, 'libs', '*'), program]
  return (await runOn(JSON.stringify(resources), java.binary, args)).split('\n').filter(Boolean)
}
