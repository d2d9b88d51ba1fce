/** Fetches and builds what a node, the servers beside it and Helm need, while there is a network. */
import { findHelm, HELMS } from '../helm/binaries.ts'
import { startKafka } from '../services/kafka.ts'
import { findRedis } from '../services/redis-binary.ts'
import { startRegistry } from '../services/registry.ts'
import { findCoreDns, findEtcd, findKubernetes } from './binaries.ts'

for (const find of [findEtcd, findCoreDns, findKubernetes, findRedis]) await find()
for (const major of HELMS) await findHelm(major)
// Their first start fetches them, and keeps what Java has compiled of them.
for (const start of [startKafka, startRegistry]) await (await start()).stop()
