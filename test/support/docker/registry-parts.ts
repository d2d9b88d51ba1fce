/** Prints what images.sh builds the registry's image from: its version, the folder of its jars, and a Java's folder. */
import { dirname } from 'node:path'
import { requireJava } from '../services/java.ts'
import { fetchRegistry, newestRegistry } from '../services/registry.ts'

const { version, javaMin } = newestRegistry
const { binary } = requireJava(javaMin, `the image of Apicurio Registry ${version}`)
console.log(version, await fetchRegistry(version), dirname(dirname(binary)))
