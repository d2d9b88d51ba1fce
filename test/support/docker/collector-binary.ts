/** Prints the version and the path of an OpenTelemetry Collector, built first if need be: images.sh makes its image of it. */
import { COLLECTOR_VERSION, findCollector } from '../services/collector.ts'

console.log(COLLECTOR_VERSION, await findCollector())
