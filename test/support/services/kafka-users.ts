import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { connect } from 'node:net'

const API_ALTER_USER_SCRAM_CREDENTIALS = 51
const SCRAM_SHA_512 = 2
const ITERATIONS = 4_096
const HASH_BYTES = 64
const SALT_BYTES = 16
/** Of an answer: its number, tags, time of throttling and the count of users. */
const ANSWER_HEAD_BYTES = 4 + 1 + 4 + 1
const NO_TAGS = Buffer.from([0])

/**
 * Gives users (name to password) their SCRAM-SHA-512 passwords, over a listener that asks nobody who they are. kafkajs
 * has no call for it, hence the request by hand: AlterUserScramCredentials, version 0.
 */
export async function setScramPasswords(broker: string, users: Readonly<Record<string, string>>): Promise<void> {
  const upsertions = Object.entries(users).map(([name, password]) => {
    const salt = randomBytes(SALT_BYTES)
    const salted = pbkdf2Sync(password, salt, ITERATIONS, HASH_BYTES, 'sha512')
    const how = [Buffer.from([SCRAM_SHA_512]), int32(ITERATIONS), compact(salt), compact(salted)]
    return Buffer.concat([compact(Buffer.from(name)), ...how, NO_TAGS])
  })
  const body = [compactLength(0), compactLength(upsertions.length), ...upsertions, NO_TAGS]
  const answer = await ask(broker, Buffer.concat([requestHead(), ...body]))
  let at = ANSWER_HEAD_BYTES
  for (const name of Object.keys(users)) {
    at += 1 + Buffer.byteLength(name)
    const error = answer.readInt16BE(at)
    if (error !== 0) throw new Error(`Kafka refuses the SCRAM password of ${name} with its error ${error}`)
    // Behind the code: no message, no tags.
    at += 2 + 1 + 1
  }
}

/** Kind, version and number of the request, a client without a name, no tags. */
const requestHead = (): Buffer =>
  Buffer.concat([
    Buffer.from([0, API_ALTER_USER_SCRAM_CREDENTIALS, 0, 0]),
    int32(0),
    Buffer.from([0xff, 0xff]),
    NO_TAGS,
  ])

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Lengths of compact forms count one more, in seven bits a byte, the lowest first. */
function compactLength(length: number): Buffer {
  const bytes: number[] = []
  let rest = length + 1
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

const compact = (bytes: Buffer): Buffer => Buffer.concat([compactLength(bytes.length), bytes])

/** Sends one request and resolves with its answer. Rejects when the broker hangs up before. */
function ask(broker: string, request: Buffer): Promise<Buffer> {
  const { hostname, port } = new URL(`tcp://${broker}`)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = connect({ host: hostname, port: Number(port) }, () => {
    socket.write(Buffer.concat([int32(request.length), request]))
  })
  let answer = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    answer = Buffer.concat([answer, bytes])
    if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
    resolve(answer.subarray(4))
    socket.destroy()
  })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error(`Kafka at ${broker} hung up on a request for SCRAM passwords`)))
  return promise
}
