/** A run's answers for a few hundred places of its plan, packed: about 33 bytes a place. */

/** What is told of the command's mode: to warm, or to look. */
export type AnswerMode = 'warm' | 'check'
export const ANSWER_MODES: readonly AnswerMode[] = ['warm', 'check']

/** An answer as numbers: kind is 1 + its place in OUTCOME_KINDS, word the number of the detail in the run. 0: no answer. */
export type PackedAnswer = { readonly kind: number; readonly word: number }

/** Most versions are blob ids: 40 hex digits, kept as 20 bytes. */
const HASH_BYTES = 20
const HASH = /^[0-9a-f]{40}$/

export class AnswerChunk {
  /** Four bytes a place: kind and word of the warm answer, then of the check. */
  readonly #answers: Uint8Array
  readonly #bytes: Float64Array
  readonly #hashes: Uint8Array
  /** By place: a hash that is there is null, any other version the text. */
  readonly #versions = new Map<number, string | null>()

  constructor(places: number) {
    this.#answers = new Uint8Array(4 * places)
    this.#bytes = new Float64Array(places)
    this.#hashes = new Uint8Array(HASH_BYTES * places)
  }

  get places(): number {
    return this.#bytes.length
  }

  answer(at: number, mode: AnswerMode): PackedAnswer {
    const from = offsetOf(at, mode)
    return { kind: this.#answers[from] ?? 0, word: this.#answers[from + 1] ?? 0 }
  }

  has(at: number, mode: AnswerMode): boolean {
    return this.answer(at, mode).kind > 0
  }

  setAnswer(at: number, mode: AnswerMode, { kind, word }: PackedAnswer): void {
    const from = offsetOf(at, mode)
    this.#answers[from] = kind
    this.#answers[from + 1] = word
  }

  bytes(at: number): number {
    return this.#bytes[at] ?? 0
  }

  setBytes(at: number, bytes: number): void {
    this.#bytes[at] = bytes
  }

  version(at: number): string | null {
    const text = this.#versions.get(at)
    if (text !== null) return text ?? null
    let hex = ''
    for (const byte of this.#hashAt(at)) hex += byte.toString(16).padStart(2, '0')
    return hex
  }

  /** The version as bytes if it is a hash. */
  hash(at: number): Uint8Array | null {
    return this.#versions.get(at) === null ? this.#hashAt(at) : null
  }

  /** Keeps the version of a place that has none yet. */
  setVersion(at: number, version: string | null): void {
    if (version === null || this.#versions.has(at)) return
    if (HASH.test(version)) {
      this.setHash(at, (byte) => Number.parseInt(version.slice(2 * byte, 2 * byte + 2), 16))
    } else this.#versions.set(at, version)
  }

  /** Sets a hash byte by byte, in order. */
  setHash(at: number, byteAt: (byte: number) => number): void {
    const hash = this.#hashAt(at)
    for (let byte = 0; byte < HASH_BYTES; byte += 1) hash[byte] = byteAt(byte)
    this.#versions.set(at, null)
  }

  #hashAt(at: number): Uint8Array {
    return this.#hashes.subarray(HASH_BYTES * at, HASH_BYTES * (at + 1))
  }
}

const offsetOf = (at: number, mode: AnswerMode): number => 4 * at + (mode === 'warm' ? 0 : 2)
