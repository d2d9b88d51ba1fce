/** Prints the folder with Kafka's jars, fetched first if need be: images.sh builds its image from them. */
import { fetchKafka } from '../services/kafka.ts'

console.log(await fetchKafka())
